using NetPulse.Collector.Attribution;
using NetPulse.Linux.Cgroups;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class PodCgroupTests : IDisposable
{
    private const string Uid = "1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f";

    private readonly NetworkNamespaceThread thread = new();
    private readonly TestClock clock = new();
    private readonly LogLines log = new();
    private readonly string podsDirectory = Directory.CreateTempSubdirectory("nptest-").FullName;

    [Theory]
    [InlineData("/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1b7a41b3_5c9f_4b1e_8f6d_0a1b2c3d4e5f.slice/cri-containerd-4d5e.scope", Uid)]
    [InlineData("/kubepods.slice/kubepods-pod1b7a41b3_5c9f_4b1e_8f6d_0a1b2c3d4e5f.slice", Uid)]
    [InlineData("/kubepods/besteffort/pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f/4d5e", Uid)]
    [InlineData("/kubepods/pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f", Uid)]
    [InlineData("/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod1b7a41b3_5c9f_4b1e_8f6d_0a1b2c3d4e5f.slice/x", Uid)]
    [InlineData("/kubepods/burstable/pod0123456789abcdef0123456789abcdef/4d5e", "0123456789abcdef0123456789abcdef")]
    [InlineData("/kubepods/pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f/kubelet/kubepods/podffffffff-ffff-ffff-ffff-ffffffffffff/4d5e", Uid)]
    [InlineData("/../../pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f/4d5e", Uid)]
    [InlineData("/../../../besteffort/pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f/4d5e", Uid)]
    [InlineData("/../../../system.slice/kubelet.service", null)]
    [InlineData("/system.slice/kubelet.service", null)]
    [InlineData("/kubepods.slice/kubepods-burstable.slice", null)]
    [InlineData("/kubepods/burstable/pod1b7a41b3-5c9f-4b1e-8f6d", null)]
    [InlineData("/user.slice/pod1b7a41b3-5c9f-4b1e-8f6d-0a1b2c3d4e5f", null)]
    [InlineData("/", null)]
    public void A_path_names_its_pod_under_both_drivers(string path, string? uid) => Assert.Equal(uid, PodCgroup.UidOf(path));

    [KernelFact]
    public void A_cgroup_is_known_by_its_id_while_it_is_there_and_five_minutes_longer()
    {
        using var cgroup = new TestCgroup();
        cgroup.Make($"/kubepods/pod{Uid}/container");
        var id = IdOf(cgroup, $"/kubepods/pod{Uid}/container");
        Assert.Equal(cgroup.PathOf($"/kubepods/pod{Uid}/container"), cgroup.Hierarchy.PathOf(id));

        var pods = new PodCgroups(cgroup.Hierarchy, clock);
        Assert.Equal(Uid, pods.UidOf(id));
        cgroup.Remove($"/kubepods/pod{Uid}/container");
        pods.Refresh();
        clock.Advance(TimeSpan.FromMinutes(4));
        pods.Refresh();
        Assert.Equal(Uid, pods.UidOf(id));
        clock.Advance(TimeSpan.FromMinutes(2));
        pods.Refresh();
        Assert.Null(pods.UidOf(id));
    }

    [KernelFact]
    public void A_socket_is_its_cgroups_pods_also_in_the_hosts_network_and_after_the_pod_has_gone()
    {
        using var cgroup = new TestCgroup();
        using var network = new TestNetwork();
        cgroup.Make($"/kubepods/pod{Uid}/container");
        var id = IdOf(cgroup, $"/kubepods/pod{Uid}/container");
        File.WriteAllText(Path.Combine(podsDirectory, "agent.yaml"), $"""
            apiVersion: v1
            kind: Pod
            metadata:
              name: agent-bq7xk
              namespace: kube-system
              uid: {Uid}
              ownerReferences:
                - apiVersion: apps/v1
                  kind: DaemonSet
                  name: agent
                  controller: true
            spec:
              hostNetwork: true
            """);
        var node = new NodeObserver(thread, new PodDirectory(podsDirectory, log.For<PodDirectory>()), clock, new PodCgroups(cgroup.Hierarchy, clock));
        node.Refresh();
        var host = thread.CookieOf(NetworkNamespaceList.Host());
        var agent = new WorkloadIdentity("kube-system", "agent", "agent-bq7xk") { Kind = "DaemonSet", IsHostNetwork = true };
        Assert.Equal(agent, node.Current.Owners.Of(id, host, 0));
        Assert.Equal(WorkloadIdentity.Host, node.Current.Owners.Of(0, host, 0));
        Assert.Equal(WorkloadIdentity.Host, node.Current.Owners.Of(IdOf(cgroup, ""), host, 0));
        Assert.Equal(network.A.Name, node.Current.Owners.Of(IdOf(cgroup, ""), thread.CookieOf(network.A), 0).Workload);

        File.Delete(Path.Combine(podsDirectory, "agent.yaml"));
        cgroup.Remove($"/kubepods/pod{Uid}/container");
        clock.Advance(TimeSpan.FromMinutes(4));
        node.Refresh();
        Assert.Equal(agent, node.Current.Owners.Of(id, host, 0));
        clock.Advance(TimeSpan.FromMinutes(4));
        node.Refresh();
        node.Refresh();
        Assert.Equal(WorkloadIdentity.Host, node.Current.Owners.Of(id, host, 0));
    }

    [KernelFact]
    public void A_pod_that_nobody_has_named_is_still_not_the_host()
    {
        using var cgroup = new TestCgroup();
        cgroup.Make($"/kubepods/pod{Uid}/container");
        var node = new NodeObserver(thread, null, clock, new PodCgroups(cgroup.Hierarchy, clock));
        node.Refresh();
        var owner = node.Current.Owners.Of(IdOf(cgroup, $"/kubepods/pod{Uid}/container"), thread.CookieOf(NetworkNamespaceList.Host()), 0);
        Assert.Equal(new WorkloadIdentity("", $"pod-{Uid}", ""), owner);
    }

    public void Dispose()
    {
        thread.Dispose();
        Directory.Delete(podsDirectory, recursive: true);
    }

    private static ulong IdOf(TestCgroup cgroup, string path)
    {
        ulong found = 0;
        cgroup.Hierarchy.Walk((id, each) => found = each == cgroup.PathOf(path) ? id : found);
        Assert.NotEqual(0UL, found);
        return found;
    }
}
