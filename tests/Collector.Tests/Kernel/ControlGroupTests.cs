using NetPulse.Collector.Kernel;
using NetPulse.Linux.Cgroups;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Kernel;

public sealed class ControlGroupTests
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
        PowerlessThread.Run(() => Assert.Contains("CAP_DAC_READ_SEARCH", Assert.Throws<BpfException>(() => root.ById(id)).Message, StringComparison.Ordinal));
        cgroup.Remove("/short");
        Assert.Null(root.ById(id));
    }

    [KernelFact]
    public void Groups_that_cannot_be_looked_up_are_watched_on_and_those_that_refuse_are_tried_again()
    {
        using var cgroup = new TestCgroup();
        cgroup.Make("/asks");
        var id = IdOf(cgroup.Hierarchy, cgroup.PathOf("/asks"));
        using var askers = new DnsAskers();
        using var program = DnsProgram.Load(isWholeNode: false, askers);
        PowerlessThread.Run(() => program.Watch(id));
        Assert.Equal(1, program.RefusedGroups);
        program.Revisit();
        Assert.Equal(0, program.RefusedGroups);
        Assert.True(program.WatchedGroups > 0);

        PowerlessThread.Run(() => Assert.Throws<BpfException>(program.Revisit));
        Assert.True(program.WatchedGroups > 0);
        program.Revisit();
        Assert.True(program.WatchedGroups > 0);
    }

    private static ulong IdOf(CgroupHierarchy hierarchy, string path)
    {
        ulong found = 0;
        hierarchy.Walk((id, each) => found = each == path ? id : found);
        Assert.NotEqual(0UL, found);
        return found;
    }
}
