"""Static files are compressed when they changed, and only then."""

import gzip
import os
from pathlib import Path

from config.static_files import ChangedFilesStorage


def test_a_file_is_compressed_again_when_it_changed(tmp_path: Path) -> None:
    storage = ChangedFilesStorage(location=tmp_path)
    file, copy = tmp_path / "page.css", tmp_path / "page.css.gz"

    def compressed() -> list[str]:
        return [str(name) for _, name, _ in storage.post_process({"page.css": (storage, "page.css")})]

    file.write_text("a { color: red }\n" * 100)
    assert compressed() == ["page.css.gz"]
    assert compressed() == []
    file.write_text("a { color: tan }\n" * 100)
    os.utime(file, (file.stat().st_atime, file.stat().st_mtime + 1))
    assert compressed() == ["page.css.gz"]
    assert gzip.decompress(copy.read_bytes()) == file.read_bytes()
    copy.unlink()
    assert compressed() == ["page.css.gz"]
