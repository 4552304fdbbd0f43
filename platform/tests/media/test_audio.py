"""Sound: any format as 16 kHz mono, with the exact number of samples, in chunks of any size."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from dh.audio import SAMPLE_RATE
from dh.errors import MediaError
from dh.media.audio import probe_audio, read_speech


def speech(path: Path, chunk_seconds: float = 1.0) -> NDArray[Any]:
    return np.concatenate([chunk.samples for chunk in read_speech(path, chunk_seconds)])


CODECS = [
    ("x.wav", "pcm_s16le"),
    ("x.wav", "pcm_u8"),
    ("x.wav", "pcm_s24le"),
    ("x.wav", "pcm_s32le"),
    ("x.wav", "pcm_f32le"),
    ("x.wav", "pcm_f64le"),
    ("x.aiff", "pcm_s16be"),
    ("x.flac", "flac"),
    ("x.mp3", "libmp3lame"),
    ("x.m4a", "aac"),
    ("x.ogg", "libopus"),
]


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        (name, codec, rate)
        for name, codec in CODECS
        for rate in (8000, 16000, 22050, 24000, 44100, 48000)
        if codec != "libopus" or rate not in (22050, 44100)  # Opus has no such rates
    ],
)
def test_formats_keep_length_and_position(media: Any, name: str, codec: str, rate: int) -> None:
    seconds = 1.2345
    path = media.sound(name, media.tone(seconds, rate, 2), rate, codec)
    count = round(seconds * rate)
    info = probe_audio(path)
    heard = speech(path)
    assert (info.sample_rate, info.channels) == (48000 if codec == "libopus" else rate, 2)
    assert info.duration == pytest.approx(count / rate, abs=1e-9)
    assert len(heard) == info.samples == round(count * SAMPLE_RATE / rate)
    ideal = media.tone(2, SAMPLE_RATE)[: len(heard), 0]
    inner = slice(800, -800)
    assert np.abs(heard[inner] - ideal[inner]).max() < (0.01 if codec.startswith(("pcm", "flac")) else 0.06)


@pytest.mark.parametrize("channels", [3, 6, 8, 16])
def test_any_number_of_channels_is_averaged(media: Any, channels: int) -> None:
    levels = np.linspace(-0.9, 0.3, channels, dtype=np.float32)
    path = media.raw_wav("many.wav", np.tile(levels, (16000, 1)), 16000)
    assert probe_audio(path).channels == channels
    assert np.allclose(speech(path), levels.mean(), atol=1e-6)


@pytest.mark.parametrize("codec", ["flac", "aac"])
def test_eight_channels_of_a_compressed_format_are_averaged(media: Any, codec: str) -> None:
    tones = media.tone(0.5, 48000, 8)
    tones[:, 1:] = 0
    heard = speech(media.sound("surround.mka", tones, 48000, codec))
    assert np.abs(heard).max() == pytest.approx(0.3 / 8, abs=0.01)


def test_sound_of_a_video_is_read(media: Any) -> None:
    path = media.video("talk.mp4", 25, sound=media.tone(1.0, 44100, 2))
    assert len(speech(path)) == probe_audio(path).samples == SAMPLE_RATE


@pytest.mark.parametrize("rate", [16000, 44100])
def test_chunks_of_any_length_make_the_same_whole(media: Any, rate: int) -> None:
    path = media.sound("x.flac", media.tone(2.3, rate), rate, "flac")
    whole = speech(path, 60.0)
    for seconds in (0.0001, 0.04, 0.3333, 1.0):
        chunks = list(read_speech(path, seconds))
        lengths = [len(chunk) for chunk in chunks]
        assert set(lengths[:-1]) == {max(1, round(seconds * SAMPLE_RATE))}
        assert [chunk.start for chunk in chunks] == np.cumsum([0, *lengths[:-1]]).tolist()
        assert np.array_equal(np.concatenate([chunk.samples for chunk in chunks]), whole)


@pytest.mark.parametrize("samples", [*range(1, 40), 999, 44099, 44101])
def test_length_is_exact_however_short(media: Any, samples: int) -> None:
    path = media.raw_wav("short.wav", np.zeros((samples, 1), np.int16), 44100)
    expected = max(1, round(samples * SAMPLE_RATE / 44100))
    assert len(speech(path)) == probe_audio(path).samples == expected


def test_silence_is_valid(media: Any) -> None:
    heard = speech(media.raw_wav("silent.wav", np.zeros((44100, 2), np.int16), 44100))
    assert len(heard) == SAMPLE_RATE
    assert not heard.any()


def test_values_beyond_full_scale_are_not_clipped(media: Any) -> None:
    path = media.raw_wav("loud.wav", np.full((16000, 1), 1.5, np.float32), 16000)
    assert np.array_equal(speech(path), np.full(16000, 1.5, np.float32))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_reported_with_their_time(media: Any, value: float) -> None:
    samples = np.zeros((48000, 1), np.float32)
    samples[24000:] = value
    path = media.raw_wav("nan.wav", samples, 16000)
    with pytest.raises(MediaError, match=r"nan\.wav: holds values that are no numbers at 1\.\d\d s"):
        probe_audio(path)
    with pytest.raises(MediaError, match="no numbers"):
        list(read_speech(path))


def test_wav_cut_off_at_its_end_plays_what_is_there(media: Any) -> None:
    path = media.raw_wav("cut.wav", np.ones((16000, 1), np.int16), 16000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 4000])
    assert probe_audio(path).duration == 0.25
    assert len(speech(path)) == 4000


@pytest.mark.parametrize(("name", "codec"), [("x.mp3", "libmp3lame"), ("x.ogg", "libopus"), ("x.flac", "flac")])
def test_compressed_sound_cut_off_at_its_end_plays_what_is_there(media: Any, name: str, codec: str) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((240000, 1)).astype(np.float32)
    path = media.sound(name, noise, 48000, codec)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1.5 < probe_audio(path).duration < 3.5


def test_damage_in_the_middle_is_passed_over(media: Any) -> None:
    path = media.sound("x.mp3", media.tone(3, 44100), 44100, "libmp3lame")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = b"\x55" * 2000
    path.write_bytes(data)
    assert 2.0 < probe_audio(path).duration <= 3.1


def test_tags_in_another_encoding_do_no_harm(media: Any) -> None:
    path = media.raw_wav("tag.wav", np.ones((1600, 1), np.int16), 16000)
    info = b"INFOINAM" + struct.pack("<I", 4) + b"\xe9\xe8\xff\0"
    data = path.read_bytes() + b"LIST" + struct.pack("<I", len(info)) + info
    path.write_bytes(data[:4] + struct.pack("<I", len(data) - 8) + data[8:])
    assert probe_audio(path).samples == 1600


@pytest.mark.parametrize("name", ["it's.wav", 'a "b".wav', "späch ☺.wav", "100%d.wav", "pipe:1.wav", "-x.wav"])
def test_odd_names_are_only_names(media: Any, name: str) -> None:
    assert probe_audio(media.raw_wav(name, np.ones((1600, 1), np.int16), 16000)).samples == 1600


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "is empty"),
        ("text.wav", b"hello world\n" * 100, "can be read, or is damaged"),
        ("text.txt", b"hello world\n" * 100, "can be read, or is damaged"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:9/x.ts\n#EXT-X-ENDLIST\n", "can be read, or is damaged"),
        ("header.wav", b"RIFF\x24\0\0\0WAVEfmt ", "can be read, or is damaged"),
        ("junk.mp3", bytes(range(256)) * 8, "x"),
    ],
)
def test_what_is_no_sound_is_refused_in_one_line(media: Any, name: str, content: bytes, message: str) -> None:
    path = media.folder / name
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        probe_audio(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_sound_without_samples_is_refused(media: Any) -> None:
    with pytest.raises(MediaError, match="holds no sound"):
        probe_audio(media.raw_wav("none.wav", np.zeros((0, 1), np.int16), 16000))


def test_video_without_sound_is_refused(media: Any) -> None:
    with pytest.raises(MediaError, match="has no audio track"):
        probe_audio(media.video("mute.mp4", 5))


def test_missing_file_folder_and_pipe_are_refused(media: Any) -> None:
    with pytest.raises(MediaError, match="no such file"):
        probe_audio(media.folder / "none.wav")
    with pytest.raises(MediaError, match="is a folder"):
        probe_audio(media.folder)
    os.mkfifo(media.folder / "pipe.wav")
    with pytest.raises(MediaError, match="is no regular file"):
        probe_audio(media.folder / "pipe.wav")


def test_file_that_may_not_be_read_is_refused(media: Any) -> None:
    path = media.raw_wav("secret.wav", np.ones((1600, 1), np.int16), 16000)
    path.chmod(0)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(65534)
        with pytest.raises(MediaError, match=r"secret\.wav: may not be read"):
            probe_audio(path)
    finally:
        os.seteuid(user)
