"""Train the line recogniser on synthetic lines, against the clock.

    python -m training.train --words FOLDER --places FOLDER --web-fonts FOLDER \\
        --system-fonts FOLDER --national-fonts FOLDER --minutes 40 --out thai-lines.pt

Lines are drawn in the process that trains, so that one thread in all is busy.  The same seed draws
the same lines; how many of them are seen depends on the clock.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from rapidfuzz.distance import Levenshtein
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from extract.recognise import HEIGHT
from training.model import STRIDE, LineNet, greedy, grown
from training.synth import Press, Sample, training_fonts, unpack
from training.texts import CHARSET, load_words

BATCH = 32
POOL = 16  # batches drawn at once and sorted by width
BUCKET = 64  # widths are rounded up to this, so that few shapes have to be compiled
WIDEST = 832
HELD_SEED = 999  # of the lines held back
HELD_BATCHES = 12
INDEX = {char: number + 1 for number, char in enumerate(CHARSET)}


@dataclass(frozen=True)
class Batch:
    """Lines padded to one width."""

    images: np.ndarray
    labels: tuple[tuple[int, ...], ...]
    frames: tuple[int, ...]
    texts: tuple[str, ...]


def fits(sample: Sample) -> bool:
    """True where the line has enough frames for its text."""
    frames = sample.image.shape[1] // STRIDE
    repeats = sum(a == b for a, b in zip(sample.text, sample.text[1:], strict=False))
    return sample.image.shape[1] <= WIDEST and frames > len(sample.text) + repeats + 1


def collate(samples: list[Sample]) -> Batch:
    """Pad to one width; the padding is paper."""
    width = -(-max(s.image.shape[1] for s in samples) // BUCKET) * BUCKET
    images = np.full((len(samples), 1, HEIGHT, width), 48, np.uint8)
    for row, sample in enumerate(samples):
        images[row, 0, :, : sample.image.shape[1]] = sample.image
    return Batch(
        images,
        tuple(tuple(INDEX[c] for c in s.text) for s in samples),
        tuple(s.image.shape[1] // STRIDE for s in samples),
        tuple(s.text for s in samples),
    )


def batches(press: Press, count: int) -> list[Batch]:
    """`count` batches from one pool, sorted by width, in random order."""
    pool: list[Sample] = []
    while len(pool) < BATCH * count:
        pool += [sample for sample in press.block() if fits(sample)]
    pool.sort(key=lambda sample: sample.image.shape[1])
    made = [collate(pool[n : n + BATCH]) for n in range(0, BATCH * count, BATCH)]
    press.random.shuffle(made)
    return made


def make_press(args: argparse.Namespace, seed: int) -> Press:
    fonts = training_fonts(args.web_fonts, args.system_fonts, args.national_fonts)
    return Press(load_words(args.words, args.places), fonts, seed)


def stream(press: Press, started: float, args: argparse.Namespace) -> Iterator[Batch]:
    """Endless batches; short lines only at the start of a training from nothing."""
    while True:
        progress = (time.time() - started) / 60 / args.minutes
        press.longest = 60 if args.resume else int(10 + 50 * min(1.0, progress / 0.15))
        yield from batches(press, POOL)


def read(net: LineNet, images: np.ndarray, half: bool) -> Tensor:
    """Logits of a batch; bfloat16 pays only on processors that have it."""
    lines = torch.from_numpy(unpack(images)).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        return net(lines).float()


def loss_of(net: LineNet, batch: Batch, half: bool) -> Tensor:
    scores = read(net, batch.images, half).log_softmax(-1).transpose(0, 1)
    flat = torch.tensor([k for label in batch.labels for k in label])
    lengths = torch.tensor([len(label) for label in batch.labels])
    return F.ctc_loss(scores, flat, torch.tensor(batch.frames), lengths, zero_infinity=True)


@torch.no_grad()
def error_rate(net: LineNet, held: list[Batch], half: bool) -> float:
    """Character error rate in percent on fixed batches."""
    net.eval()
    wrong = total = 0
    for batch in held:
        got = greedy(read(net, batch.images, half), CHARSET)
        pairs = zip(batch.texts, got, strict=True)
        wrong += sum(Levenshtein.distance(truth, text.strip()) for truth, text in pairs)
        total += sum(len(text) for text in batch.texts)
    net.train()
    return 100 * wrong / total


def rate(progress: float, step: int, peak: float) -> float:
    """Warm-up, then a cosine to zero on the clock."""
    falling = 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
    return peak * min(1.0, (step + 1) / 200) * (0.01 + 0.99 * falling)


def keep(net: LineNet, mean: AveragedModel, out: Path) -> None:
    """Write the weights and, beside them, their running mean; an old file stays until then."""
    for state, target in (
        (net.state_dict(), out),
        (mean.module.state_dict(), out.with_suffix(".mean.pt")),
    ):
        torch.save(state, part := target.with_suffix(".part"))
        part.replace(target)


def standing(net: LineNet, mean: AveragedModel, held: list[Batch], half: bool) -> str:
    own, averaged = (error_rate(one, held, half) for one in (net, mean.module))
    return f"held-back CER {own:.2f} %, of the running mean {averaged:.2f} %"


def train(args: argparse.Namespace) -> None:
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(1)
    net = LineNet(len(CHARSET) + 1).to(memory_format=torch.channels_last)
    if args.resume:
        net.load_state_dict(grown(torch.load(args.resume), net))
    print("parameters", sum(p.numel() for p in net.parameters()), flush=True)
    held = batches(make_press(args, HELD_SEED), HELD_BATCHES)
    print(f"held-back CER at the start {error_rate(net, held, args.bfloat16):.2f} %", flush=True)
    mean = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(args.decay), use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=2e-3)
    started = saved = time.time()
    lines = stream(make_press(args, args.seed), started, args)
    step, running = 0, 0.0
    while (progress := (time.time() - started) / 60 / args.minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = rate(progress, step, args.rate)
        loss = loss_of(net, next(lines), args.bfloat16)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        mean.update_parameters(net)
        step, running = step + 1, running + loss.item()
        if step % 100 == 0:
            minutes = (time.time() - started) / 60
            print(f"{minutes:.2f} min {step * BATCH} lines loss {running / 100:.4f}", flush=True)
            running = 0.0
        if time.time() - saved > args.save_every:
            keep(net, mean, args.out)
            saved = time.time()
            print("   saved,", standing(net, mean, held, args.bfloat16), flush=True)
    keep(net, mean, args.out)
    print(f"done: {step} steps, {step * BATCH} lines,", standing(net, mean, held, args.bfloat16))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--words", type=Path, required=True, help="pythainlp's corpus folder")
    parser.add_argument("--places", type=Path, required=True, help="geothai's _data folder")
    parser.add_argument("--web-fonts", type=Path, required=True, help="what fonts.py wrote")
    parser.add_argument("--system-fonts", type=Path, required=True, help="TLWG, Arundina")
    parser.add_argument("--national-fonts", type=Path, required=True, help="the TH fonts")
    parser.add_argument("--decay", type=float, default=0.9995, help="of the running mean")
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rate", type=float, default=2.5e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save-every", type=float, default=600, help="seconds")
    parser.add_argument("--bfloat16", action="store_true", help="for processors that have it")
    parser.add_argument("--resume", type=Path, help="weights to start from")
    parser.add_argument("--out", type=Path, required=True)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
