"""The profiles by name."""

from collections.abc import Mapping

from loop.export.columns import Shape
from loop.export.profiles import preference, signals, unpaired_preference

SHAPES: Mapping[str, Shape] = {
    shape.name: shape for shape in (signals.SHAPE, preference.SHAPE, unpaired_preference.SHAPE)
}
