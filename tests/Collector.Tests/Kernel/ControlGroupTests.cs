using System.Runtime.InteropServices;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.Cgroups;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Kernel;

public sealed partial class ControlGroupTests
{
    private const string V1 = "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu";

    [Theory]
    [InlineData("/sys/fs/cgroup", "31 23 0:28 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate")]
    [InlineData("/sys/fs/cgroup/unified", V1, "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw")]
    [InlineData("/sys/fs/cgroup", "75 49 0:38 /../../../.. /sys/fs/cgroup ro,relatime master:4 - cgroup2 cgroup2 rw")]
    [InlineData("/host/cgroup", "76 49 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup rw", "75 49 0:38 /../../../.. /host/cgroup ro - cgroup2 cgroup2 rw")]
    [InlineData("/host/cgroup", "75 49 0:38 /../../../.. /host/cgroup ro - cgroup2 cgroup2 rw", "76 49 0:38 /.. /pod ro - cgroup2 cgroup2 rw")]
    [InlineData("/sys/fs/cgroup", "76 49 0:38 / /sys/fs/cgroup ro - cgroup2 cgroup rw", "75 49 0:38 /../../kubepods.slice /kubepods ro - cgroup2 cgroup2 rw")]
    [InlineData(null, "75 49 0:38 /../../kubepods.slice /kubepods ro - cgroup2 cgroup2 rw", V1)]
    [InlineData(null, "75 49 0:38 / /cgroup2 rw - tmpfs cgroup2 rw")]
    public void The_root_is_the_outermost_that_is_mounted_whole(string? expected, params string[] mountinfo) => Assert.Equal(expected, CgroupMount.OfRoot(mountinfo));

    [KernelFact]
    public void From_inside_a_containers_cgroup_namespace_the_nodes_groups_are_seen()
    {
        using var cgroup = new TestCgroup();
        cgroup.Make("/beside");
        using var container = new TestCgroupNamespace();
        container.Run(() =>
        {
            using var root = ControlGroup.Root();
            using var hierarchy = CgroupHierarchy.Find()!;
            var id = IdOf(hierarchy, cgroup.PathOf("/beside"));
            using var found = root.ById(id);
            Assert.Equal(cgroup.Hierarchy.MountPoint + cgroup.PathOf("/beside"), found!.Path);
            Assert.Equal(cgroup.PathOf("/beside"), hierarchy.PathOf(id));
        });
    }

    [KernelFact]
    public void A_group_that_is_gone_is_not_one_that_may_not_be_looked_up()
    {
        using var cgroup = new TestCgroup();
        cgroup.Make("/short");
        var id = IdOf(cgroup.Hierarchy, cgroup.PathOf("/short"));
        using var root = ControlGroup.Root();
        BpfException? refused = null;
        var powerless = new Thread(() =>
        {
            Assert.Equal(0, capset(new CapabilityHeader(), new CapabilitySets()));
            refused = Assert.Throws<BpfException>(() => root.ById(id));
        });
        powerless.Start();
        powerless.Join();
        Assert.Contains("CAP_DAC_READ_SEARCH", refused!.Message, StringComparison.Ordinal);
        cgroup.Remove("/short");
        Assert.Null(root.ById(id));
    }

    private static ulong IdOf(CgroupHierarchy hierarchy, string path)
    {
        ulong found = 0;
        hierarchy.Walk((id, each) => found = each == path ? id : found);
        Assert.NotEqual(0UL, found);
        return found;
    }

    /// <summary>Of the calling thread alone.</summary>
    [LibraryImport("libc", SetLastError = true)]
    private static partial int capset(in CapabilityHeader hdrp, in CapabilitySets datap);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct CapabilityHeader()
    {
        private readonly uint version = 0x20080522;
        private readonly int pid = 0;
    }

    /// <summary>None.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 24)]
    private readonly struct CapabilitySets;
}
