using System.Diagnostics;
using NetPulse.Collector.Attribution;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Attribution;

public sealed class NodeObserverTests : IDisposable
{
    private readonly NetworkNamespaceThread thread = new();
    private readonly TestClock clock = new();

    [KernelFact]
    public void Namespaces_are_named_while_they_live_and_remembered_for_five_minutes()
    {
        var node = new NodeObserver(thread, null, clock);
        node.Refresh();
        NetworkNamespace mine;
        ulong cookie;
        var version = node.Current.Version;
        using (var network = new TestNetwork())
        {
            mine = network.A;
            cookie = thread.CookieOf(mine);
            node.Refresh();
            Assert.True(node.Current.Version > version);
            Assert.Equal(new WorkloadIdentity("", mine.Name, ""), node.Current.Namespaces.Of(cookie, mine.Inode));
        }

        node.Refresh();
        Assert.DoesNotContain(node.Current.Namespaces.Present, each => each.Cookie == cookie);
        Assert.Equal(mine.Name, node.Current.Namespaces.Of(cookie, mine.Inode).Workload);
        clock.Advance(TimeSpan.FromMinutes(6));
        node.Refresh();
        Assert.Equal(NamespaceOwners.Unknown, node.Current.Namespaces.Of(cookie, mine.Inode));
    }

    [KernelFact]
    public void The_hosts_namespace_is_the_host_and_stands_first()
    {
        var node = new NodeObserver(thread, null, clock);
        node.Refresh();
        Assert.Equal(WorkloadIdentity.Host, node.Current.Namespaces.Present[0].Owner);
        Assert.Equal(WorkloadIdentity.Host, node.Current.Namespaces.Of(thread.CookieOf(NetworkNamespaceList.Host()), 0));
    }

    [KernelFact]
    public void A_clock_that_is_set_back_hides_no_namespace_that_came_meanwhile()
    {
        var node = new NodeObserver(thread, null, clock);
        node.Refresh();
        clock.Jump(TimeSpan.FromHours(-1));

        // Nothing but a process holds it: it is found by the walk through processes alone.
        using var process = Process.Start("unshare", ["--net", "sleep", "60"]);
        try
        {
            var host = new FileInfo("/proc/self/ns/net").LinkTarget;
            SpinWait.SpinUntil(() => new FileInfo($"/proc/{process.Id}/ns/net").LinkTarget is { } its && its != host, TimeSpan.FromSeconds(30));
            var inode = new FileInfo($"/proc/{process.Id}/ns/net").LinkTarget;
            node.Refresh();
            Assert.Contains(node.Current.Namespaces.Present, each => inode == $"net:[{each.Namespace.Inode}]");
        }
        finally
        {
            process.Kill();
            process.WaitForExit();
        }
    }

    public void Dispose() => thread.Dispose();
}
