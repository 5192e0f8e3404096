"""Paths, archives and URLs to documents, each with the reader its bytes ask for."""

import io
import os
import pickle
import zipfile
import zlib
from typing import ClassVar

import fsspec
import pytest

from extract.errors import Unreadable
from extract.source import Limits, decode, find_inputs

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20
TEXT = "รายงาน\tผล\n"


def found(*paths, **options):
    return list(find_inputs([str(path) for path in paths], **options))


def kinds(*paths, **options):
    return [(one.name, one.reader) for one in found(*paths, **options)]


def write(path, content=PDF):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def archive(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in members:
            out.writestr(name, content)
    return path


def test_folder_is_walked_by_name(tmp_path):
    write(tmp_path / "ข/รายงาน ๒.pdf")
    write(tmp_path / "ก.txt", TEXT.encode())
    write(tmp_path / "a\nb.png", PNG)
    write(tmp_path / ".hidden.pdf")
    write(tmp_path / ".git/x.pdf")
    write(tmp_path / "~$lock.pdf")
    write(tmp_path / "notes.docx", b"PK\x03\x04")
    write(tmp_path / "out/documents.csv", b"x")
    write(tmp_path / "out/datapackage.json", b"{}")
    write(tmp_path / "out/kept.pdf")
    assert kinds(tmp_path) == [
        ("a␊b.png", "image"),
        ("notes.docx", None),
        ("ก.txt", "dump"),
        ("ข/รายงาน ๒.pdf", "pdf"),
    ]
    notes = found(tmp_path)[1]
    assert (notes.error, notes.skipped) == ("", ".docx is no kind of report")


def test_own_output_is_skipped(tmp_path):
    write(tmp_path / "a.pdf")
    write(tmp_path / "new/b.pdf")
    assert kinds(tmp_path, output=tmp_path / "new") == [("a.pdf", "pdf")]


def test_symlinks_neither_loop_nor_double(tmp_path):
    write(tmp_path / "in/a.pdf")
    (tmp_path / "in/loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in/b.pdf").symlink_to(tmp_path / "in/a.pdf")
    (tmp_path / "in/c.pdf").symlink_to(tmp_path / "nowhere.pdf")
    write(tmp_path / "other/d.pdf")
    (tmp_path / "in/linked").symlink_to(tmp_path / "other", target_is_directory=True)
    assert kinds(tmp_path / "in", tmp_path / "in/a.pdf") == [
        ("a.pdf", "pdf"),
        ("c.pdf", None),
        ("linked/d.pdf", "pdf"),
    ]


def test_pipes_are_not_opened(tmp_path):
    os.mkfifo(tmp_path / "a.pdf")
    [pipe] = found(tmp_path)
    assert (pipe.reader, pipe.skipped) == (None, "not a file")
    with pytest.raises(Unreadable, match="neither a file nor a folder"):
        found(tmp_path / "a.pdf")


def test_globs(tmp_path):
    write(tmp_path / "2568/a.pdf")
    write(tmp_path / "2569/ลึก/b.pdf")
    write(tmp_path / "2569/c.txt", TEXT.encode())
    write(tmp_path / "x[1].pdf")
    assert kinds(tmp_path / "**/*.pdf") == [
        ("2568/a.pdf", "pdf"),
        ("2569/ลึก/b.pdf", "pdf"),
        ("x[1].pdf", "pdf"),
    ]
    assert kinds(tmp_path / "256?/*") == [("2568/a.pdf", "pdf"), ("2569/c.txt", "dump")]
    assert kinds(tmp_path / "256[!8]/*") == [("2569/c.txt", "dump")]
    assert kinds(tmp_path / "x[1].pdf") == [("x[1].pdf", "pdf")]
    with pytest.raises(Unreadable, match="no file matches"):
        found(tmp_path / "*.tif")


def test_missing_paths_say_what_to_do_before_anything_is_read(tmp_path):
    write(tmp_path / "a.pdf")
    inputs = find_inputs([str(tmp_path / "a.pdf"), str(tmp_path / "ไม่มี.pdf")])
    with pytest.raises(Unreadable, match=r"ไม่มี\.pdf: no such file or directory; check the path"):
        next(inputs)
    with pytest.raises(Unreadable, match="is no path"):
        found("a\0b")


def test_names_that_two_files_share(tmp_path):
    write(tmp_path / "x/a.pdf")
    write(tmp_path / "y/a.pdf")
    assert kinds(tmp_path / "y/a.pdf", tmp_path / "x/a.pdf") == [
        ("x/a.pdf", "pdf"),
        ("y/a.pdf", "pdf"),
    ]


@pytest.mark.parametrize(
    "name, content, reader",
    [
        ("a.pdf", PDF, "pdf"),
        ("a.dat", b"\n" + PDF, "pdf"),
        ("a.txt", PDF, "pdf"),
        ("a.pdf", b"\0garbage\n%PDF-1.4", "pdf"),
        ("a.pdf", b"4 0 obj << >> endobj \xff\xfe\0", "pdf"),
        ("a", TEXT.encode(), "dump"),
        ("a", TEXT.encode("utf-8-sig"), "dump"),
        ("a", TEXT.encode("utf-16"), "dump"),
        ("a", TEXT.encode("cp874"), "dump"),
        ("a", b"plain", "dump"),
        ("a", ("ก" * 30000).encode()[:65537], "dump"),
        ("a.pdf", PNG, "image"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "image"),
        ("a", b"RIFF\1\2\3\4WEBPVP8 ", "image"),
    ],
)
def test_bytes_choose_the_reader(tmp_path, name, content, reader):
    [one] = found(write(tmp_path / name, content))
    assert (one.reader, one.error) == (reader, "")


@pytest.mark.parametrize(
    "name, content, error",
    [
        ("a.pdf", b"", "a.pdf: the file is empty; fetch it again"),
        ("a.pdf", b"<html>404</html>", "named .pdf but holds text"),
        ("a.pdf", b"\0\1\2\3", "named .pdf but holds something else"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Word or Excel file; save it as PDF"),
        ("a.txt", b"text\0more", "neither PDF nor image nor text"),
        ("a.txt", "größer straße äöü".encode("latin-1"), "neither PDF nor image nor text"),
        ("a.zip", b"PK\x03\x04 broken", "not a zip file"),
    ],
)
def test_what_no_reader_takes_says_why(tmp_path, name, content, error):
    [one] = found(write(tmp_path / name, content))
    assert one.reader is None
    assert error in one.error


def test_text_in_its_encodings(tmp_path):
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp874"):
        [one] = found(write(tmp_path / "a.txt", TEXT.encode(encoding)))
        assert one.read_text() == TEXT
    with pytest.raises(Unreadable, match=r"^b\.txt: no text in an encoding we know"):
        decode("b.txt", b"\xff\xff\xff\xff")


def test_file_on_disk_needs_no_copy(tmp_path):
    path = write(tmp_path / "a.pdf")
    [one] = found(path)
    assert one.on_disk == path
    assert one.read_bytes() == PDF
    path.unlink()
    with pytest.raises(Unreadable, match="no such file"):
        one.read_bytes()


def test_zip_members(tmp_path):
    path = archive(
        tmp_path / "คลัง.zip",
        [
            ("inner/b.pdf", PDF),
            ("a.txt", TEXT),
            ("../../etc/up.pdf", PDF),
            ("/root.pdf", PDF),
            ("more.zip", b"PK\x03\x04"),
            ("x.exe", b"MZ"),
            ("__MACOSX/._b.pdf", b""),
            (".hidden.pdf", PDF),
        ],
    )
    inputs = found(path)
    assert [(one.name, one.reader) for one in inputs] == [
        ("คลัง.zip/etc/up.pdf", None),
        ("คลัง.zip/root.pdf", None),
        ("คลัง.zip/a.txt", "dump"),
        ("คลัง.zip/inner/b.pdf", "pdf"),
        ("คลัง.zip/more.zip", None),
        ("คลัง.zip/x.exe", None),
    ]
    assert all("leads out of the archive" in one.error for one in inputs[:2])
    assert inputs[4].skipped == "an archive inside an archive; unpack it first"
    assert inputs[3].on_disk is None
    assert pickle.loads(pickle.dumps(inputs[3])).read_bytes() == PDF
    assert inputs[2].read_text() == TEXT


def test_zip_names_of_old_windows_programs(tmp_path):
    name = "รายงาน.pdf".encode("cp874").decode("cp437")
    info = zipfile.ZipInfo("placeholder.pdf")
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as out:
        info.filename = name
        out.writestr(info, PDF)
    written = path.read_bytes()
    utf8 = name.encode()
    raw = name.encode("cp437")
    written = written.replace(utf8, raw + b"_" * (len(utf8) - len(raw)))
    flagless = bytearray(written)
    for at in (6, written.index(b"PK\x01\x02") + 8):
        flagless[at + 1] &= ~0x08
    path.write_bytes(bytes(flagless))
    [one] = found(path)
    assert one.name.startswith("a.zip/รายงาน.pdf")


def test_zip_bombs_are_refused(tmp_path):
    path = archive(tmp_path / "a.zip", [("a.txt", b"x" * 5000), ("b.txt", b"x" * 900)])
    by_member = found(path, limits=Limits(member_bytes=1000))
    assert [(one.reader, "more than 1,000 bytes" in one.error) for one in by_member] == [
        (None, True),
        ("dump", False),
    ]
    assert "more than 4,000 bytes" in found(path, limits=Limits(archive_bytes=4000))[0].error
    assert "more than 1 members" in found(path, limits=Limits(members=1))[0].error
    [lying] = [one for one in found(path) if one.name == "a.zip/a.txt"]
    with pytest.raises(Unreadable, match="more than 1,000 bytes"):
        type(lying)(
            lying.name, "dump", path, "a.txt", limits=Limits(member_bytes=1000)
        ).read_bytes()


def test_word_file_is_no_archive(tmp_path):
    path = archive(tmp_path / "a.docx", [("[Content_Types].xml", "<Types/>"), ("a.txt", "x")])
    [one] = found(path)
    assert "save it as PDF" in one.error


def test_encrypted_member_fails_alone(tmp_path):
    path = archive(tmp_path / "a.zip", [("a.txt", TEXT), ("b.txt", TEXT)])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(data))
    first, second = found(path)
    assert "encrypted" in first.error
    assert second.reader == "dump"


def test_urls(tmp_path):
    system = fsspec.filesystem("memory")
    system.pipe("/raingan/a.pdf", PDF)
    system.pipe("/raingan/b/c.txt", TEXT.encode())
    system.pipe("/raingan/d.csv", b"x")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("e.pdf", PDF)
    system.pipe("/raingan/z.zip", buffer.getvalue())
    try:
        assert kinds("memory://raingan/a.pdf") == [("a.pdf", "pdf")]
        assert kinds("memory://raingan") == [
            ("a.pdf", "pdf"),
            ("b/c.txt", "dump"),
            ("d.csv", None),
            ("z.zip/e.pdf", "pdf"),
        ]
        [one] = found("memory://raingan/b/*.txt")
        assert (one.name, one.read_text(), one.on_disk) == ("c.txt", TEXT, None)
        assert found("memory://raingan/z.zip")[0].read_bytes() == PDF
        [gone] = found("memory://raingan/gone.pdf")
        assert "gone.pdf" in gone.error
        assert (
            "more than 3 bytes"
            in found("memory://raingan/a.pdf", limits=Limits(file_bytes=3))[0].error
        )
    finally:
        system.rm("/raingan", recursive=True)
    path = write(tmp_path / "ก ข.pdf")
    assert found(f"file://{path}")[0].on_disk == path
    assert found(path.as_uri())[0].on_disk == path


class Counted(fsspec.AbstractFileSystem):
    """Files in memory, of which it counts the bytes that are read."""

    protocol = "counted"
    cachable = False
    files: ClassVar[dict[str, bytes]] = {}
    read: ClassVar[int] = 0

    def info(self, path, **_):
        if path in self.files:
            size = len(self.files[path])
            return {"name": path, "type": "file", "size": size, "ETag": f'"{size}"'}
        if any(name.startswith(f"{path}/") for name in self.files):
            return {"name": path, "type": "directory", "size": 0}
        raise FileNotFoundError(2, "No such file or directory", path)

    def ls(self, path, detail=True, **_):
        found = [self.info(name) for name in self.files if name.startswith(f"{path}/")]
        return found if detail else [one["name"] for one in found]

    def _open(self, path, *_, **__):
        self.info(path)

        class Reading(io.BytesIO):
            def read(self, size=-1):
                found = super().read(size)
                Counted.read += len(found)
                return found

        return Reading(self.files[path])


class Streamed(Counted):
    """Gives its files from their beginning on, as some servers do."""

    protocol = "streamed"

    def _open(self, path, *_, **__):
        class Flowing(type(super()._open(path))):
            def seek(self, *_):
                raise ValueError("Cannot seek streaming HTTP file")

        return Flowing(self.files[path])


@pytest.fixture(params=[Counted, Streamed])
def counted(request):
    fsspec.register_implementation(request.param.protocol, request.param, clobber=True)
    Counted.files.clear()
    Counted.read = 0
    return request.param


def test_listing_urls_reads_their_heads_alone(counted):
    large = PDF + b"x" * 5_000_000
    Counted.files |= {"in/a.pdf": large, "in/b.pdf": large, "in/c.csv": b"x"}
    url = f"{counted.protocol}://in"
    first, second, third = found(url)
    assert Counted.read < 300_000
    assert (first.name, first.reader, first.size) == ("a.pdf", "pdf", len(large))
    assert first.stamp == str(len(large))
    assert (first.url, first.path, first.on_disk) == (f"{url}/a.pdf", None, None)
    assert (second.url, third.skipped) == (f"{url}/b.pdf", ".csv is no kind of report")
    assert pickle.loads(pickle.dumps(first)).read_bytes() == large
    [globbed] = found(f"{counted.protocol}://in/b*")
    assert (globbed.name, globbed.url) == ("b.pdf", f"{url}/b.pdf")


def test_what_is_behind_a_url_is_read_up_to_the_limit(counted):
    Counted.files |= {"a.pdf": PDF + b"x" * 100}
    url = f"{counted.protocol}://a.pdf"
    [one] = found(url, limits=Limits(file_bytes=50))
    assert one.error == "a.pdf: more than 50 bytes; give --max-bytes, or split it"
    [one] = found(url, limits=Limits(file_bytes=len(PDF) + 100))
    Counted.files |= {"a.pdf": PDF + b"x" * 9_000_000}
    Counted.read = 0
    with pytest.raises(Unreadable, match="more than 117 bytes"):
        one.read_bytes()
    assert Counted.read < 200_000


def test_a_member_of_an_archive_behind_a_url(counted):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as out:
        out.writestr("a.pdf", PDF)
        out.writestr("noise.pdf", PDF + os.urandom(4_000_000))
        out.writestr("b.txt", TEXT)
    Counted.files |= {"z.zip": buffer.getvalue()}
    inputs = found(f"{counted.protocol}://z.zip")
    assert [(one.name, one.member, one.url) for one in inputs] == [
        (f"z.zip/{name}", name, f"{counted.protocol}://z.zip")
        for name in ("a.pdf", "b.txt", "noise.pdf")
    ]
    if counted is Counted:
        assert Counted.read < 500_000
    assert pickle.loads(pickle.dumps(inputs[1])).read_text() == TEXT
    Counted.files |= {"z.zip": b"gone"}
    with pytest.raises(Unreadable, match=r"^z\.zip/b\.txt: File is not a zip file"):
        inputs[1].read_bytes()


def test_a_url_that_has_gone_fails_alone(counted):
    Counted.files |= {"a.pdf": PDF}
    [one] = found(f"{counted.protocol}://a.pdf")
    Counted.files.clear()
    with pytest.raises(Unreadable, match=r"^a\.pdf: no such file or directory; check the file"):
        one.read_bytes()


def test_a_stamp_changes_with_the_document(tmp_path):
    path = write(tmp_path / "a.pdf")
    [before] = found(path)
    assert (before.size, before.stamp) == (len(PDF), str(path.stat().st_mtime_ns))
    os.utime(path, ns=(1, 1))
    assert found(path)[0].stamp == "1"
    zipped = archive(tmp_path / "z.zip", [("a.pdf", PDF), ("b.pdf", PDF + b"x")])
    stamps = [one.stamp for one in found(zipped)]
    mtime = zipped.stat().st_mtime_ns
    assert stamps == [f"{mtime}-{zlib.crc32(PDF):08x}", f"{mtime}-{zlib.crc32(PDF + b'x'):08x}"]
    system = fsspec.filesystem("memory")
    system.pipe("/stamped/a.pdf", PDF)
    try:
        [first] = found("memory://stamped/a.pdf")
        system.pipe("/stamped/a.pdf", PDF)
        [second] = found("memory://stamped/a.pdf")
    finally:
        system.rm("/stamped", recursive=True)
    assert first.stamp != second.stamp != ""


def test_two_documents_of_one_name_are_told_apart(tmp_path):
    write(tmp_path / "a\n.txt", TEXT.encode())
    write(tmp_path / "a␊.txt", b"other")
    names = [(one.name, one.read_text()) for one in found(tmp_path)]
    assert names == [("a␊.txt", TEXT), ("a␊.txt#2", "other")]
    system = fsspec.filesystem("memory")
    for folder in ("x", "y"):
        system.pipe(f"/named/{folder}/a.txt", folder.encode())
    path = write(tmp_path / "in/a.txt", b"local")
    urls = ["memory://named/y/a.txt", "memory://named/x/a.txt"]
    try:
        apart = [(one.name, one.read_text()) for one in found(path, *urls)]
        assert apart == [(one.name, one.read_text()) for one in found(*urls, path)]
    finally:
        system.rm("/named", recursive=True)
    assert [name for name, _ in apart] == ["a.txt", "a.txt#2", "a.txt#3"]
    assert [text for _, text in apart] == ["local", "x", "y"]


def test_an_error_bears_the_name_that_tells_apart(tmp_path):
    write(tmp_path / "a\n.pdf", b"")
    write(tmp_path / "a␊.pdf", b"")
    assert [one.error for one in found(tmp_path)] == [
        "a␊.pdf: the file is empty; fetch it again",
        "a␊.pdf#2: the file is empty; fetch it again",
    ]


def test_a_member_that_was_replaced_is_told(tmp_path):
    path = archive(tmp_path / "a.zip", [("a.txt", "old"), ("b.txt", TEXT)])
    with zipfile.ZipFile(path, "a") as out, pytest.warns(UserWarning, match="Duplicate name"):
        out.writestr("a.txt", "new")
    inputs = found(path)
    assert [(one.name, one.skipped) for one in inputs] == [
        ("a.zip/a.txt", "replaced by a later member of the same name"),
        ("a.zip/a.txt#2", ""),
        ("a.zip/b.txt", ""),
    ]
    assert inputs[1].read_text() == "new"


def test_a_url_is_shown_without_its_password():
    [one] = found("ftp://me:s3cret@127.0.0.1:9/a.pdf")
    assert "s3cret" not in one.error
    assert "ftp://127.0.0.1:9/a.pdf" in one.error


def test_missing_backend_says_what_to_install(monkeypatch):
    def missing(protocol):
        if protocol == "s3":
            raise ImportError("Install s3fs to access S3")
        raise ValueError(f"Protocol not known: {protocol}")

    monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
    with pytest.raises(Unreadable, match=r"^s3://b/a\.pdf: Install s3fs to access S3; or download"):
        found("s3://b/a.pdf")
    with pytest.raises(Unreadable, match="fsspec knows no zzz://"):
        found("zzz://b/a.pdf")


def test_an_archive_with_a_huge_directory_is_not_opened(tmp_path):
    """zipfile would read all of it, whatever number of members it states."""
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(300):
            archive.writestr(f"{number:0100}.txt", "x")
    content = bytearray(path.read_bytes())
    end = content.rfind(b"PK\x05\x06")
    content[end + 8 : end + 12] = b"\x01\x00\x01\x00"
    path.write_bytes(content)
    [found] = find_inputs([str(path)], limits=Limits(members=20))
    assert found.error == "many.zip: more than 20 members; unpack it"


def test_no_password_of_an_address_is_in_a_message():
    [found] = find_inputs(["memory://me:sekret77@host/none.pdf"])
    assert found.error
    assert "sekret77" not in found.error
