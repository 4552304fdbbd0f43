"""Every clause of the contract, in the order in which they are tried."""

from __future__ import annotations

from dh.testing.contract import avatars, chunked, closing, declared, light, metrics, products, repeated, streaming
from dh.testing.contract.clause import Clause, Kind

_COMPONENTS: tuple[Kind, ...] = ("avatar", "driver", "renderer", "adapter", "metric")
_STREAMS: tuple[Kind, ...] = ("driver", "renderer", "adapter")

CLAUSES: tuple[Clause, ...] = (
    Clause("loads", ("plugin",), declared.loads),
    Clause("light-import", ("plugin",), light.light_import),
    Clause("method", ("method",), declared.method),
    Clause("declaration", _COMPONENTS, declared.declaration),
    Clause("options-model", _COMPONENTS, declared.options_model, declared.has_options),
    Clause("options-documented", _COMPONENTS, declared.options_documented, declared.has_options),
    Clause("avatar", ("avatar",), avatars.avatar),
    Clause("saved-avatar", ("avatar", "renderer"), avatars.saved_avatar),
    Clause("motion", ("driver", "adapter"), products.motion),
    Clause("frames", ("renderer",), products.frames),
    Clause("measure", ("metric",), metrics.measure),
    Clause("not-measurable", ("metric",), metrics.not_measurable),
    Clause("any-chunks", _STREAMS, chunked.any_chunks),
    Clause("silence", ("driver",), chunked.silence),
    Clause("empty", _STREAMS, chunked.empty),
    Clause("long-speech", ("driver",), chunked.long_speech, streaming.claims_to_stream),
    Clause("driver-streams", ("driver",), streaming.driver_streams, streaming.claims_to_stream),
    Clause("renderer-streams", ("renderer",), streaming.renderer_streams),
    Clause("online-option", ("driver",), declared.online_option, declared.has_online_option),
    Clause("live-options", ("driver",), streaming.live_options, streaming.has_live_options),
    Clause("live", ("driver",), closing.live, streaming.claims_to_stream),
    Clause("close", _STREAMS, closing.close),
    Clause("seed", _COMPONENTS, repeated.seed),
    Clause("no-leaks", _COMPONENTS, repeated.no_leaks),
    Clause("global-state", _COMPONENTS, repeated.global_state),
    Clause("offline", _COMPONENTS, repeated.offline),
)
