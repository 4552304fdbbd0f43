"""Options of components: pydantic models, and how values from several places come together in them.

Later places win: defaults < the method's own < what was tuned for this machine (``dh.tuned``) < preset file < the
preset's for the profile < environment (``DH_OPT_KEY``) < ``--set key=value``.
A key is ``role.path`` (``renderer.feather``) or the path alone where only one component has it. An option that a model
declares with ``json_schema_extra={"shared": True}`` means the same in every component that has it: its path alone sets
all of them.
"""

from __future__ import annotations

import os
import types
import typing
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union

import yaml
from pydantic import AliasChoices, BaseModel, ConfigDict, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from dh.errors import OptionError
from dh.text import nearest

if TYPE_CHECKING:
    from dh.registry import Chain

ENVIRONMENT_PREFIX = "DH_OPT_"

OptionsT = TypeVar("OptionsT", bound=BaseModel)

PresetProfiles = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Options of a preset by profile, role and key."""


class NoOptions(BaseModel):
    """Options of a component that has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class OptionRow:
    """One option as the command line and the docs show it."""

    key: str
    type: str
    default: str
    range: str
    help: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """A value that someone gave for a key, and where: that name begins any complaint about it."""

    key: str
    value: Any
    origin: str


def option_rows(model: type[BaseModel], prefix: str = "") -> list[OptionRow]:
    """Every option of a model, nested ones with dots."""
    rows = []
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        nested = _nested_model(info)
        if nested is not None:
            rows += option_rows(nested, f"{key}.")
            continue
        default = "required" if info.default is PydanticUndefined and not info.default_factory else _show(info)
        aliases = tuple(f"{prefix}{alias}" for alias in _aliases(info))
        rows.append(OptionRow(key, _type_name(info.annotation), default, _range(info), info.description or "", aliases))
    return rows


def resolve_options(
    chain: Chain,
    preset: Mapping[str, Mapping[str, Any]],
    sets: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    profiles: PresetProfiles | None = None,
    tuned: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, BaseModel]:
    """The options of every component of a chain, by role.

    Args:
        chain: the components.
        preset: options by role, as a preset file holds them (nested mappings).
        sets: ``--set`` values by key; a string is read as YAML, so ``true``, ``3`` and ``[1, 2]`` mean what they say.
        environment: default: the process's.
        profiles: options by profile, then by role, as a preset file holds them.
        tuned: options by role that were found best on this machine.

    Raises:
        OptionError: an unknown key or profile (naming the nearest), an ambiguous key, or a value that does not fit.
    """
    known = [profile.name for profile in chain.method.profiles]
    for profile in profiles or {}:
        if profile not in known:
            raise OptionError(f"preset: method {chain.method.name} has no profile {profile!r}{nearest(profile, known)}")
    models = _models(chain)
    index = _key_index(models)
    settings = [
        *_flatten(_by_role(chain.options), f"method {chain.title}: ", index),
        *_flatten(_by_role(tuned or {}), "tuned option ", index),
        *_user_settings(chain, preset, sets, environment, profiles, index),
    ]
    return _fill(models, settings, index)


def resolve_sets(models: Mapping[str, type[BaseModel]], sets: Mapping[str, Any]) -> dict[str, BaseModel]:
    """The options of components that form no chain, such as metrics.

    Args:
        models: by component name.
        sets: as ``resolve_options`` takes them, a component's name in place of its role.

    Raises:
        OptionError: as ``resolve_options``.
    """
    index = _key_index(models)
    return _fill(models, _flatten({key: read_value(value) for key, value in sets.items()}, "--set ", index), index)


def _fill(
    models: Mapping[str, type[BaseModel]], settings: Iterable[Setting], index: Mapping[str, list[tuple[str, str]]]
) -> dict[str, BaseModel]:
    trees: dict[str, dict[str, Any]] = {role: {} for role in models}
    origins: dict[tuple[str, str], str] = {}
    for setting in settings:
        for role, path in _locate(setting, index, models):
            origins[role, path] = setting.origin
            node = trees[role]
            *parents, leaf = path.split(".")
            for parent in parents:
                node = node.setdefault(parent, {})
            node[leaf] = setting.value
    return {role: _validate(model, trees[role], role, origins) for role, model in models.items()}


def locate(chain: Chain, values: Mapping[str, Any], origin: str) -> dict[str, dict[str, Any]]:
    """Values by role, then by the options' own names.

    Args:
        chain: whose components have the options.
        values: by key, as ``--set`` takes them.
        origin: begins any complaint.

    Raises:
        OptionError: an unknown key, naming the nearest, or an ambiguous one.
    """
    models = _models(chain)
    index = _key_index(models)
    found: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        for role, path in _locate(Setting(key, value, f"{origin}{key}"), index, models):
            found.setdefault(role, {})[path] = value
    return found


def revise(options: OptionsT, values: Mapping[str, Any], origin: str) -> OptionsT:
    """Options with some values changed, checked as they all were.

    Args:
        options: of one component.
        values: by the options' own names.
        origin: begins any complaint.

    Raises:
        OptionError: a value that does not fit.
    """
    origins = {("", name): f"{origin} {name}" for name in values}
    revised = _validate(type(options), {**dict(options), **values}, "", origins)
    assert isinstance(revised, type(options))
    return revised


def names_weights(
    chain: Chain,
    preset: Mapping[str, Mapping[str, Any]],
    sets: Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    profiles: PresetProfiles | None = None,
) -> bool:
    """Whether the user's values name a folder of weights that a component of the chain has an option for.

    Told by the options' own names, without importing any model of options. Args are those of ``resolve_options``.
    """
    settings = _user_settings(chain, preset, sets, environment, profiles, ())
    named = {setting.key.lower() for setting in settings if setting.value not in (None, "")}
    options = ((role, component.spec.weights_option) for role, component in chain.roles.items())
    return any(option is not None and bool({option, f"{role}.{option}"} & named) for role, option in options)


def explain_validation(error: ValidationError) -> tuple[str, str]:
    """The first problem of a validation error: the field's dotted path, and the problem in words."""
    first = error.errors()[0]
    path = ".".join(str(part) for part in first["loc"])
    message = first["msg"][0].lower() + first["msg"][1:]
    return path, message.removeprefix("value error, ")


def _user_settings(
    chain: Chain,
    preset: Mapping[str, Mapping[str, Any]],
    sets: Mapping[str, Any],
    environment: Mapping[str, str] | None,
    profiles: PresetProfiles | None,
    known: Collection[str],
) -> Iterator[Setting]:
    """What preset, environment and ``--set`` say for a chain, in the order in which later ones win."""
    yield from _flatten(_by_role(preset), "preset: ", known)
    if chain.profile is not None:
        own = (profiles or {}).get(chain.profile, {})
        yield from _flatten(_by_role(own), f"preset, profile {chain.profile}: ", known)
    for name, text in (os.environ if environment is None else environment).items():
        if name.startswith(ENVIRONMENT_PREFIX):
            key = name.removeprefix(ENVIRONMENT_PREFIX).lower().replace("__", ".")
            yield Setting(key, read_value(text), name)
    yield from _flatten({key: read_value(value) for key, value in sets.items()}, "--set ", known)


def _by_role(tree: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Without roles that hold nothing: they need not be the chain's."""
    return {role: values for role, values in tree.items() if values}


def _models(chain: Chain) -> dict[str, type[BaseModel]]:
    """The model of every component's options, by role."""
    return {role: component.options_model() or NoOptions for role, component in chain.roles.items()}


def _validate(
    model: type[BaseModel], tree: dict[str, Any], role: str, origins: Mapping[tuple[str, str], str]
) -> BaseModel:
    try:
        return model(**tree)
    except ValidationError as error:
        path, message = explain_validation(error)
        row = next((row for row in option_rows(model) if path == row.key or path.startswith(f"{row.key}.")), None)
        origin = origins.get((role, row.key if row else path), f"options of {role}")
        value = error.errors()[0].get("input")
        meant = f" ({row.key}: {row.type}{', ' + row.range if row.range else ''}; {row.help})" if row else ""
        raise OptionError(f"{origin}={value!r}: {message}{meant}") from error


def _key_index(models: Mapping[str, type[BaseModel]]) -> dict[str, list[tuple[str, str]]]:
    """Every way to name an option (qualified or not, alias or not) with the options it may mean."""
    index: dict[str, list[tuple[str, str]]] = {}
    for role, model in models.items():
        for row in option_rows(model):
            for name in (row.key, *row.aliases):
                for key in {name, f"{role}.{name}"}:
                    index.setdefault(key.lower(), []).append((role, row.key))
    return index


def _locate(
    setting: Setting, index: Mapping[str, list[tuple[str, str]]], models: Mapping[str, type[BaseModel]]
) -> list[tuple[str, str]]:
    """The options that a setting means: one, or a shared one of several components."""
    places = index.get(setting.key.lower(), [])
    if len(places) == 1 or (places and all(_is_shared(models[role], path) for role, path in places)):
        return places
    if places:
        choices = " or ".join(f"{role}.{path}" for role, path in places)
        raise OptionError(f"{setting.origin}: more than one component has this option; write {choices}")
    if not index:
        raise OptionError(f"{setting.origin}: no component that takes part has options")
    qualified = "." in setting.key and setting.key.partition(".")[0] in models
    known = [key for key in index if ("." in key and key.partition(".")[0] in models) == qualified]
    raise OptionError(f"{setting.origin}: unknown option {setting.key!r}{nearest(setting.key, known)}")


def _is_shared(model: type[BaseModel], path: str) -> bool:
    info = model.model_fields.get(path)
    extra = info.json_schema_extra if info else None
    return isinstance(extra, dict) and extra.get("shared") is True


def _flatten(tree: Mapping[str, Any], origin: str, known: Collection[str], prefix: str = "") -> Iterator[Setting]:
    """Settings of a tree; a mapping that is the value of a known option stays whole."""
    for name, value in tree.items():
        key = f"{prefix}{name}"
        if isinstance(value, Mapping) and value and key.lower() not in known:
            yield from _flatten(value, origin, known, f"{key}.")
        else:
            yield Setting(key, value, f"{origin}{key}")


def read_value(value: Any) -> Any:
    """What a value of ``--set`` says: a string is read as YAML, and stays one where it is none."""
    if not isinstance(value, str):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError:
        return value


def _nested_model(info: FieldInfo) -> type[BaseModel] | None:
    annotation = info.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _aliases(info: FieldInfo) -> list[str]:
    alias = info.validation_alias
    if isinstance(alias, AliasChoices):
        return [choice for choice in alias.choices if isinstance(choice, str)]
    return [alias] if isinstance(alias, str) else []


def _show(info: FieldInfo) -> str:
    default = info.get_default(call_default_factory=True)
    return "none" if default is None else str(default).lower() if isinstance(default, bool) else str(default)


def _type_name(annotation: Any) -> str:
    origin = typing.get_origin(annotation)
    if origin is Literal:
        return " | ".join(str(choice) for choice in typing.get_args(annotation))
    if origin in (Union, types.UnionType):
        return " | ".join(_type_name(part) for part in typing.get_args(annotation))
    if annotation is type(None):
        return "none"
    if origin is not None:
        inner = ", ".join(_type_name(part) for part in typing.get_args(annotation) if part is not Ellipsis)
        return f"{origin.__name__}[{inner}]"
    return str(getattr(annotation, "__name__", annotation))


def _range(info: FieldInfo) -> str:
    low = high = ""
    for constraint in info.metadata:
        for name, sign in (("ge", ">="), ("gt", ">")):
            if getattr(constraint, name, None) is not None:
                low = f"{sign} {getattr(constraint, name):g}"
        for name, sign in (("le", "<="), ("lt", "<")):
            if getattr(constraint, name, None) is not None:
                high = f"{sign} {getattr(constraint, name):g}"
    if low.startswith(">=") and high.startswith("<="):
        return f"{low[3:]} to {high[3:]}"
    return " and ".join(part for part in (low, high) if part)
