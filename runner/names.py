"""What modules and their state are called: as in torchvision 0.10, whichever is installed."""

import re

# Newer torchvision wraps single convolutions in blocks: new name -> the name
# in torchvision 0.10, which is also the name in the published checkpoints.
_RENAMED = (
    (re.compile(r"^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.0\."), r"\1."),
    (re.compile(r"^(rpn\.head\.conv)\.0\.0\."), r"\1."),
)
_RETINANET_CONV = re.compile(r"^(head\.\w+_head\.conv)\.(\d+)\.0\.")
_MASK_CONV = re.compile(r"^roi_heads\.mask_head\.(\d+)\.0\.")


def canonical_name(name: str) -> str:
    """Return the torchvision 0.10 name of a state entry of any torchvision.

    ``name`` is a key of ``model.state_dict()``; a canonical name is returned
    unchanged.  The renamings are those that torchvision undoes in its own
    ``_load_from_state_dict`` hooks (faster_rcnn.py, retinanet.py, rpn.py,
    mask_rcnn.py and ops/feature_pyramid_network.py of torchvision 0.13).
    """
    for pattern, replacement in _RENAMED:
        name = pattern.sub(replacement, name)
    # Layers were counted with the ReLUs between them: 0, 2, 4, 6.
    name = _RETINANET_CONV.sub(lambda m: f"{m.group(1)}.{2 * int(m.group(2))}.", name)
    # Mask layers were counted from one: mask_fcn1 ... mask_fcn4.
    return _MASK_CONV.sub(lambda m: f"roi_heads.mask_head.mask_fcn{int(m.group(1)) + 1}.", name)
