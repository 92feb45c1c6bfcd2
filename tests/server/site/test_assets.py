"""The files to which pages link (server/site/assets.py)."""

from pathlib import Path

import pytest

from server import WEB
from server.site.assets import AssetsMissing, BundledAssets, SourceAssets


def test_a_page_that_is_not_bundled_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(AssetsMissing, match=r"run scripts/venv, or serve with --dev"):
        BundledAssets(tmp_path)


def test_bundles_are_served_and_sources_are_not() -> None:
    assets = BundledAssets(WEB)
    for page in ("feed", "studio", "room"):
        asset = assets.find(assets.main(page))
        assert asset and asset.content_type == "text/javascript"
        assert len(asset.zipped) < len(asset.content)
    assert assets.find(assets.worker)
    assert assets.find("css/base.css")
    for name in ("js/room.js", "bundler/bundle.mjs", "bundles/mains.json", "room.html"):
        assert assets.find(name) is None, name


def test_another_file_is_another_name(tmp_path: Path) -> None:
    bases = set()
    for text in ("a", "b"):
        (tmp_path / "bundles").mkdir(exist_ok=True)
        (tmp_path / "bundles/mains.json").write_text("{}")
        (tmp_path / "bundles/boot.js").write_text(text)
        (tmp_path / "first_picture.css").write_text("")
        bases.add(BundledAssets(tmp_path).base)
    assert len(bases) == 2


def test_sources_are_read_again_each_time(tmp_path: Path) -> None:
    (tmp_path / "js").mkdir()
    source = tmp_path / "js/feed.js"
    assets = SourceAssets(tmp_path)
    assert assets.find(assets.main("feed")) is None
    for text in (b"1", b"2"):
        source.write_bytes(text)
        asset = assets.find("js/feed.js")
        assert asset and asset.content == text
        (tmp_path / "first_picture.css").write_bytes(text)
        assert assets.style == text.decode()
    for name in ("js/../js/feed.js", "../web/js/feed.js", "js", ""):
        assert assets.find(name) is None
