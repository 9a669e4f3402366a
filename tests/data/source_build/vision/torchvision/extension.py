def _has_ops():
    return True
