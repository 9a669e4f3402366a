"""Fails where this interpreter's torch and torchvision are not the ones that were to be built."""

import argparse
import sys


def observed():
    """Return what torch and torchvision say of themselves, by the names of the options below."""
    import torch
    import torchvision
    from torchvision.extension import _has_ops

    if not _has_ops():
        sys.exit("torchvision was built without its compiled operators (nms, roi_align).")
    return {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "cuda": torch.version.cuda,
        "cudnn": str(torch.backends.cudnn.version()),
        "architectures": torch._C._cuda_getArchFlags() or "",
    }


def compiled(architectures):
    """Return what torch lists for a TORCH_CUDA_ARCH_LIST: "6.1;7.5+PTX" gives sm_61, sm_75 and compute_75."""
    names = set()
    for architecture in architectures.replace(" ", ";").split(";"):
        number, plus, _ = architecture.partition("+")
        digits = number.replace(".", "")
        names |= {"sm_" + digits} | ({"compute_" + digits} if plus else set())
    return names


def main():
    """Compare and return the exit status: 0 where all is as wanted."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("torch", "torchvision", "cuda", "cudnn", "architectures"):
        parser.add_argument("--" + name, required=True)
    wanted = vars(parser.parse_args())
    found = observed()
    wrong = [
        f"{name} is {found[name]}, not {wanted[name]}"
        for name in ("torch", "torchvision", "cuda", "cudnn")
        if found[name] != wanted[name]
    ]
    missing = compiled(wanted["architectures"]) - set(found["architectures"].split())
    if missing:
        wrong.append(
            "torch is compiled for {!r}, without {}".format(found["architectures"], ", ".join(sorted(missing)))
        )
    for sentence in wrong:
        print(sentence, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
