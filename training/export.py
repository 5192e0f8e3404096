"""Weights to ONNX: checks the result against PyTorch and writes its alphabet beside it.

python -m training.export thai-lines.pt thai-lines.onnx --temperature 1.3
"""

from __future__ import annotations

import argparse
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor

from extract.recognise import HEIGHT
from training.model import LineNet
from training.texts import CHARSET


def averaged(files: Sequence[Path], shares: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of the weights; counters are taken from the last file."""
    states = [torch.load(file, map_location="cpu") for file in files]
    parts = list(zip(shares, states, strict=True))
    return {
        name: sum(share * state[name] for share, state in parts)
        if last.is_floating_point()
        else last
        for name, last in states[-1].items()
    }


def load_net(state: dict[str, Tensor]) -> LineNet:
    net = LineNet(len(CHARSET) + 1)
    net.load_state_dict(state)
    return net.eval()


def export(net: LineNet, target: Path, temperature: float) -> float:
    """Write the model; returns the greatest difference from PyTorch."""
    axes = {"line": {0: "batch", 3: "width"}, "logits": {0: "batch", 1: "frames"}}
    torch.onnx.export(
        net,
        (torch.zeros(2, 1, HEIGHT, 256),),
        str(target),
        input_names=["line"],
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    stamp(target, temperature)
    target.with_suffix(".txt").write_text("\n".join(CHARSET) + "\n", encoding="utf8")
    return difference(net, target)


def stamp(target: Path, temperature: float) -> None:
    """Keep the temperature of the confidence in the file itself."""
    model = onnx.load(str(target))
    entry = model.metadata_props.add()
    entry.key, entry.value = "temperature", str(temperature)
    onnx.save(model, str(target))


@torch.no_grad()
def difference(net: LineNet, target: Path) -> float:
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    sample = np.random.default_rng(0).random((3, 1, HEIGHT, 368), np.float32)
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    logits = np.asarray(session.run(None, {"line": sample})[0])
    return float(np.abs(logits - net(torch.from_numpy(sample)).numpy()).max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("weights", type=Path, nargs="+")
    parser.add_argument("--shares", type=float, nargs="+", help="of each of the weights; sum 1")
    parser.add_argument("--out", type=Path, required=True, help="the ONNX file")
    parser.add_argument("--temperature", type=float, default=1.0)
    args = parser.parse_args()
    state = averaged(args.weights, args.shares or [1 / len(args.weights)] * len(args.weights))
    torch.save(state, args.out.with_suffix(".pt"))
    print("greatest difference from PyTorch:", export(load_net(state), args.out, args.temperature))
    for file in (args.out, args.out.with_suffix(".pt")):
        print(file.name, file.stat().st_size, hashlib.sha256(file.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
