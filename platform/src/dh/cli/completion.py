"""Names that the shell completes."""

from __future__ import annotations


def complete_method(incomplete: str) -> list[str]:
    """Methods."""
    from dh.registry import installed

    return [name for name in installed().methods if name.startswith(incomplete)]


def complete_profile(incomplete: str) -> list[str]:
    """Profiles of all methods."""
    from dh.declarations import AUTO_PROFILE
    from dh.registry import installed

    names = dict.fromkeys(profile.name for method in installed().methods.values() for profile in method.profiles)
    return [name for name in (AUTO_PROFILE, *names) if name.startswith(incomplete)]


def complete_driver(incomplete: str) -> list[str]:
    """Drivers."""
    from dh.registry import installed

    return [name for name in installed().drivers if name.startswith(incomplete)]


def complete_renderer(incomplete: str) -> list[str]:
    """Renderers."""
    from dh.registry import installed

    return [name for name in installed().renderers if name.startswith(incomplete)]


def complete_preset(incomplete: str) -> list[str]:
    """Presets in the checkout."""
    from dh.presets import preset_names

    return [name for name in preset_names() if name.startswith(incomplete)]


def complete_training_config(incomplete: str) -> list[str]:
    """Training configurations in the checkout."""
    from dh.training import training_configs

    return [name for name in training_configs() if name.startswith(incomplete)]


def complete_checkpoint(incomplete: str) -> list[str]:
    """Checkpoints that components declare."""
    from dh.registry import installed

    return [name for name in installed().checkpoints() if name.startswith(incomplete)]


def complete_metrics(incomplete: str) -> list[str]:
    """Metrics, after those of a list that are there already."""
    from dh.registry import installed

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{name}" for name in installed().metrics if name.startswith(begun)]


def complete_plugin(incomplete: str) -> list[str]:
    """Plugins."""
    from dh.plugins import installed_plugins

    return [record.name for record in installed_plugins().records if record.name.startswith(incomplete)]
