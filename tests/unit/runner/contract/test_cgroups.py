from dataclasses import dataclass
from pathlib import Path

import pytest

from runner.contract import cgroups
from runner.contract.cgroups import Throttling, Unknown

NO_LIMIT = "9223372036854771712\n"


@dataclass
class Tree:
    """The files of a made-up machine, below a folder."""

    root: Path

    def write(self, path: str, text: str) -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def process(self, groups: str, *mounts: str) -> None:
        """Put the process into its groups; a mount is 'group folder type options'."""
        self.write("proc/self/cgroup", groups)
        lines = []
        for number, mount in enumerate(mounts):
            group, folder, kind, options = mount.split(" ")
            optional = "shared:9 " if number % 2 else ""  # the kernel writes any number of such fields, or none
            lines.append(f"{40 + number} 30 0:{number} {group} {folder} rw,nosuid {optional}- {kind} {kind} {options}")
        self.write("proc/self/mountinfo", "\n".join(["22 1 254:0 / / rw - ext4 /dev/vda rw", *lines, ""]))

    def v1(self, folder: str, quota: int, period: int = 100_000, statistics: str = "") -> None:
        self.write(f"{folder}/cpu.cfs_quota_us", f"{quota}\n")
        self.write(f"{folder}/cpu.cfs_period_us", f"{period}\n")
        self.write(f"{folder}/cpu.stat", statistics)

    def v2(self, folder: str, limit: str, statistics: str = "") -> None:
        self.write(f"{folder}/cpu.max", f"{limit}\n")
        self.write(f"{folder}/cpu.stat", statistics)

    @property
    def cpus(self) -> list[float]:
        return [quota.cpus for quota in cgroups.quotas(self.root)]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


V1 = "/ /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct"
CPUSET = "/ /sys/fs/cgroup/cpuset cgroup rw,cpuset"
V2 = "/ /sys/fs/cgroup cgroup2 rw,nsdelegate"


def test_a_quota_of_version_1_is_that_of_the_process_s_own_group(tree: Tree) -> None:
    tree.process("5:cpuset:/\n4:cpu,cpuacct:/jobs/one\n0::/jobs\n", CPUSET, V1)
    tree.v1("/sys/fs/cgroup/cpu,cpuacct/jobs/one", 75_000, 50_000)
    tree.v1("/sys/fs/cgroup/cpu,cpuacct/jobs/other", 1_000)
    tree.v1("/sys/fs/cgroup/cpuset", 2_000)
    tree.v1("/sys/fs/cgroup/cpu,cpuacct", -1)
    assert tree.cpus == [1.5]


def test_a_quota_of_version_2_is_that_of_the_process_s_own_group(tree: Tree) -> None:
    tree.process("0::/user.slice/job.scope\n", V2)
    tree.v2("/sys/fs/cgroup/user.slice", "max 100000")
    tree.v2("/sys/fs/cgroup/user.slice/job.scope", "250000 100000")
    tree.v2("/sys/fs/cgroup/other.slice", "10000 100000")
    assert tree.cpus == [2.5]


@pytest.mark.parametrize(("outer", "middle", "inner"), [(40, 90, 70), (90, 40, 70), (90, 70, 40)])
def test_the_tightest_of_nested_quotas_comes_first_wherever_it_is(
    tree: Tree, outer: int, middle: int, inner: int
) -> None:
    tree.process("0::/a/b/c\n", V2)
    tree.v2("/sys/fs/cgroup/a", f"{outer}000 100000")
    tree.v2("/sys/fs/cgroup/a/b", f"{middle}000 100000")
    tree.v2("/sys/fs/cgroup/a/b/c", f"{inner}000 100000")
    assert tree.cpus == [0.4, 0.7, 0.9]


def test_a_parent_of_version_1_counts_too(tree: Tree) -> None:
    tree.process("4:cpu,cpuacct:/pod/container\n", V1)
    tree.v1("/sys/fs/cgroup/cpu,cpuacct/pod", 60_000)
    tree.v1("/sys/fs/cgroup/cpu,cpuacct/pod/container", -1)
    assert tree.cpus == [0.6]


def test_of_both_versions_side_by_side_each_limits(tree: Tree) -> None:
    tree.process("4:cpu:/job\n0::/job\n", "/ /sys/fs/cgroup/cpu cgroup rw,cpu", "/ /sys/fs/cgroup/unified cgroup2 rw")
    tree.write("/sys/fs/cgroup/unified/job/cgroup.procs", "1\n")
    tree.v1("/sys/fs/cgroup/cpu/job", 30_000)
    assert tree.cpus == [0.3]


@pytest.mark.parametrize(
    ("groups", "mount", "folder"),
    [
        # Its own namespace: the container's group is the root of all that it sees.
        ("0::/\n", V2, "/sys/fs/cgroup"),
        ("4:cpu:/\n", "/ /sys/fs/cgroup/cpu cgroup ro,cpu", "/sys/fs/cgroup/cpu"),
        # The host's namespace: names are the host's, and the mount shows the container's part.
        ("4:cpu:/docker/ab\n", "/docker/ab /sys/fs/cgroup/cpu cgroup ro,cpu", "/sys/fs/cgroup/cpu"),
        ("0::/pods/ab/app\n", "/pods/ab /sys/fs/cgroup cgroup2 ro", "/sys/fs/cgroup/app"),
        # The host's names in /proc, and a mount that claims to be the root.
        ("0::/docker/ab\n", V2, "/sys/fs/cgroup"),
        # Elsewhere, and with a blank in its name.
        ("0::/\n", r"/ /run/my\040groups cgroup2 rw", "/run/my groups"),
    ],
)
def test_a_container_finds_its_own_quota(tree: Tree, groups: str, mount: str, folder: str) -> None:
    tree.process(groups, mount)
    tree.v2(folder, "50000 100000")
    assert tree.cpus == [0.5]


def test_another_part_of_the_hierarchy_tells_nothing(tree: Tree) -> None:
    tree.process("0::/mine\n", "/minerals /mnt cgroup2 rw", "/theirs /sys/fs/cgroup cgroup2 rw")
    tree.v2("/mnt", "10000 100000")
    tree.v2("/sys/fs/cgroup", "10000 100000")
    with pytest.raises(Unknown, match="no control group with the controller cpu"):
        cgroups.quotas(tree.root)


@pytest.mark.parametrize("group", ["/../../system.slice/job", "/.."])
def test_a_group_outside_of_the_namespace_is_unknown(tree: Tree, group: str) -> None:
    tree.process(f"0::{group}\n", V2)
    tree.v2("/sys/fs/cgroup", "10000 100000")
    with pytest.raises(Unknown):
        cgroups.quotas(tree.root)


def test_a_machine_without_control_groups_is_unknown(tree: Tree) -> None:
    with pytest.raises(Unknown, match="can't be read: No such file"):
        cgroups.quotas(tree.root)
    tree.process("")
    with pytest.raises(Unknown):
        cgroups.memory_limit(tree.root)


@pytest.mark.parametrize("limit", ["max 100000", "max", "", "50000 0", "nonsense"])
def test_what_limits_nothing_is_no_quota(tree: Tree, limit: str) -> None:
    tree.process("0::/\n", V2)
    tree.v2("/sys/fs/cgroup", limit)
    assert tree.cpus == []


@pytest.mark.parametrize(
    ("statistics", "version"),
    [
        ("nr_periods 50\nnr_throttled 40\nthrottled_time 1500000000\n", 1),
        ("usage_usec 9\nnr_periods 50\nnr_throttled 40\nthrottled_usec 1500000\nnr_bursts 0\nburst_usec 0\n", 2),
    ],
)
def test_what_a_quota_did_is_counted_in_milliseconds(tree: Tree, statistics: str, version: int) -> None:
    tree.process("4:cpu:/\n" if version == 1 else "0::/\n", "/ /c cgroup rw,cpu", "/ /c cgroup2 rw")
    write = {1: lambda: tree.v1("/c", 10_000, 100_000, statistics), 2: lambda: tree.v2("/c", "1 2", statistics)}
    write[version]()
    (quota,) = cgroups.quotas(tree.root)
    assert cgroups.throttling(quota) == Throttling(50, 40, 1500.0)


def test_the_tightest_memory_limit_counts(tree: Tree) -> None:
    tree.process("7:memory:/a/b\n", "/ /m cgroup rw,memory")
    tree.write("/m/memory.limit_in_bytes", NO_LIMIT)
    tree.write("/m/a/memory.limit_in_bytes", f"{3 << 30}\n")
    tree.write("/m/a/b/memory.limit_in_bytes", NO_LIMIT)
    assert cgroups.memory_limit(tree.root) == 3 << 30
    tree.process("0::/a\n", "/ /n cgroup2 rw")
    tree.write("/n/a/memory.max", "max\n")
    assert cgroups.memory_limit(tree.root) is None
    tree.write("/n/memory.max", "4096\n")
    assert cgroups.memory_limit(tree.root) == 4096
