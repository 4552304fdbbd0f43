"""The tiled layout, in which the fast CPU convolutions work.

A picture [c,h,w] is cut into tiles of p x p pixels, and pixels at the same place in their tiles lie together:
``tiles[i,j,c,y,x] = picture[c, p*y+i, p*x+j]``, so its shape is [p,p,c,h/p,w/p]. A transform of all tiles is then one
matrix product from the left, and neighbouring pixels of a tile are whole planes, copied without strides. A volume
[c,d,h,w] is a stack of pictures: [p,p,c,d,h/p,w/p].
"""

from __future__ import annotations

from torch import Tensor

TILE = 4
"""Pixels along each side of a tile, unless said otherwise."""


def cut(picture: Tensor, size: int = TILE) -> Tensor:
    """[c,h,w] or [c,d,h,w], sides multiples of ``size``, as a view in the tiled layout."""
    *outer, h, w = picture.shape
    if h % size or w % size:
        raise ValueError(f"sides must be multiples of {size}, got {h} x {w}")
    tiles = picture.reshape(*outer, h // size, size, w // size, size)
    return tiles.movedim((-3, -1), (0, 1))


def join(tiles: Tensor) -> Tensor:
    """The inverse of ``cut``, for tiles of any size."""
    p, q, *outer, h, w = tiles.shape
    return tiles.movedim((0, 1), (-3, -1)).reshape(*outer, h * p, w * q)


def halo(tiles: Tensor, start: int, out: Tensor) -> None:
    """Copies some rows of tiles, each with a margin of its neighbours' pixels and 0 around the picture.

    Args:
        tiles: [p,p,c,d,h,w].
        start: first row of tiles.
        out: [p+2*margin,p+2*margin,c,d+2*depth,rows,w]; ``depth`` layers at both ends become 0.
    """
    (d, h), margin = tiles.shape[3:5], (len(out) - len(tiles)) // 2
    stop, depth = start + out.shape[4], (out.shape[3] - d) // 2
    if depth:
        out[:, :, :, :depth] = 0
        out[:, :, :, -depth:] = 0
    middle = out[:, :, :, depth : depth + d]
    middle[margin:-margin, margin:-margin] = tiles[..., start:stop, :]
    top, bottom = middle[:margin, margin:-margin], middle[-margin:, margin:-margin]
    if start == 0:
        top[..., 0, :] = 0
        top[..., 1:, :] = tiles[-margin:, ..., : stop - 1, :]
    else:
        top[:] = tiles[-margin:, ..., start - 1 : stop - 1, :]
    if stop == h:
        bottom[..., -1, :] = 0
        bottom[..., :-1, :] = tiles[:margin, ..., start + 1 :, :]
    else:
        bottom[:] = tiles[:margin, ..., start + 1 : stop + 1, :]
    left, right = middle[:, :margin], middle[:, -margin:]
    left[..., 0] = 0
    left[..., 1:] = middle[:, -2 * margin : -margin, ..., :-1]
    right[..., -1] = 0
    right[..., :-1] = middle[:, margin : 2 * margin, ..., 1:]


def halve(tiles: Tensor) -> Tensor:
    """The same picture in tiles of half the size: [p,p,c,h,w] to [p/2,p/2,c,2h,2w]."""
    p, _, c, h, w = tiles.shape
    split = tiles.reshape(2, p // 2, 2, p // 2, c, h, w)
    return split.permute(1, 3, 4, 5, 0, 6, 2).reshape(p // 2, p // 2, c, 2 * h, 2 * w)


def merge(tiles: Tensor) -> Tensor:
    """The same volume in tiles of twice the size: [p,p,c,d,h,w] to [2p,2p,c,d,h/2,w/2]."""
    p, _, c, d, h, w = tiles.shape
    split = tiles.reshape(p, p, c, d, h // 2, 2, w // 2, 2)
    return split.permute(5, 0, 7, 1, 2, 3, 4, 6).reshape(2 * p, 2 * p, c, d, h // 2, w // 2)


def pool(tiles: Tensor) -> Tensor:
    """Means of 2 x 2 pixels: [p,p,...] to [p/2,p/2,...]."""
    pairs = tiles.unflatten(1, (-1, 2)).unflatten(0, (-1, 2))
    total = pairs[:, 0, :, 0] + pairs[:, 0, :, 1]
    total += pairs[:, 1, :, 0]
    total += pairs[:, 1, :, 1]
    return total.mul_(0.25)
