"""Clauses on ends that come early."""

from __future__ import annotations

from itertools import count

from dh.audio import SAMPLE_RATE
from dh.declarations import AvatarSpec, Licence, MethodSpec, RendererSpec
from dh.errors import DHError, OptionError
from dh.realtime.session import LiveSession
from dh.registry import Component
from dh.request import make_request
from dh.session import Session
from dh.testing.contract.case import Case
from dh.testing.contract.clause import ContractBroken, require
from dh.testing.contract.holdings import Holdings, within
from dh.testing.contract.running import close_streams, standard_items, streams
from dh.testing.contract.speech import Probe, endless_speech, speech
from dh.testing.contract.stand_in import BLANK_KIND
from dh.testing.contract.videos import FACE

_LIVE = "contract-live"
_HERE = "dh.testing.contract.stand_in:"
_NUMBERS = count()


def close(case: Case) -> None:
    """Closed half-way, it ends at once, asks for no more input, and lets go of its threads and files."""
    case.prepare()
    patience = case.bench.settings.patience
    _close_half_way(case, patience)  # what the first use opens for good is not this one's
    held = Holdings.now()
    _close_half_way(case, patience)
    left = held.wait_for_growth_to_go(patience)
    require(not left, f"closed half-way, it leaves {', '.join(left)}")


def _close_half_way(case: Case, patience: float) -> None:
    endless = case.kind == "driver" and case.spec.look_ahead is not None
    items = endless_speech(640) if endless else standard_items(case, [640] if case.kind == "driver" else [1])
    probe = Probe(items)
    outputs = streams(case, probe)
    require(next(outputs[-1], None) is not None, "it gives nothing")
    asked = probe.asked
    within(patience, lambda: close_streams(outputs), "its end, closed half-way,")
    require(probe.asked == asked, "closed half-way, it asks for more input")


def live(case: Case) -> None:
    """In a live session it speaks what is pushed, goes on after clear, and ends with the session."""
    case.prepare()
    patience = case.bench.settings.patience
    held = Holdings.now()
    session = _live_session(case)
    frames = round(session.latency * session.fps) + 5
    try:
        session.push_audio(speech(2 * SAMPLE_RATE))
        within(12 * patience, lambda: [next(session) for _ in range(frames)], f"the way to {frames} live frames")
        session.clear()
        within(patience, lambda: [next(session) for _ in range(3)], "the way to 3 live frames after clear")
    finally:
        within(patience, session.close, "the end of a live session")
    left = [what for what in held.wait_for_growth_to_go(patience) if what.startswith("thread")]
    require(not left, f"after the end of a live session there is still {', '.join(left)}")


def _live_session(case: Case) -> LiveSession:
    """A live session of the driver with a renderer that draws nothing."""
    registry = case.bench.registry
    free = Licence(name="Apache-2.0", commercial="allowed")
    number = next(_NUMBERS)
    name = f"{_LIVE}-{number}"
    kind = case.avatar.kind if case.spec.avatar_kinds else BLANK_KIND
    builder = AvatarSpec(name=name, summary="", implementation=f"{_HERE}BlankAvatarBuilder", kind=kind, licence=free)
    renderer = RendererSpec(
        name=name,
        summary="",
        implementation=f"{_HERE}BlankRenderer",
        motion_space=case.spec.motion_space,
        avatar_kinds=(kind,),
        licence=free,
    )
    registry.avatars[name] = Component(builder, "contract", "dh-platform")
    registry.renderers[name] = Component(renderer, "contract", "dh-platform")
    registry.methods[name] = MethodSpec(name=name, summary="", avatar=name, driver=case.name, renderer=name)
    saved = case.bench.folder / f"{name}.dhavatar"
    if case.spec.avatar_kinds:
        case.avatar.save(saved)
    values = {f"driver.{key}": value for key, value in case.given.items()}
    request = make_request(
        method=name,
        mode="online",
        avatar=saved if case.spec.avatar_kinds else None,
        source=None if case.spec.avatar_kinds else FACE,
        options=values,
        device=case.bench.settings.device,
    )
    try:
        return LiveSession(Session(request, registry=registry), pace="free", breath=0.0)
    except OptionError:
        raise
    except DHError as error:
        raise ContractBroken(f"a live session does not open: {error}") from error
