using System.Diagnostics;
using NetPulse.Collector.Sources;
using NetPulse.Linux.Sysctls;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>The node's own kernel and namespaces of our own.</summary>
public sealed class NodeSourceTests : IDisposable
{
    private readonly TestClock clock = new();
    private readonly SourceRig rig;

    public NodeSourceTests() => rig = new SourceRig(clock);

    [KernelFact]
    public void Each_CPUs_queue_each_neighbour_table_and_each_memory_limit_is_there()
    {
        var samples = rig.Read(new NodeKernel(rig.Namespaces, SourceRig.Name));
        Assert.Contains(samples.Of(NodeMetrics.SoftnetProcessed), each => each.Value > 0 && each.Labels[LabelNames.Cpu].Length > 0);
        Assert.Equal(samples.Of(NodeMetrics.SoftnetProcessed).Count, samples.Of(NodeMetrics.SoftnetTimeSqueeze).Count);
        Assert.Equal(double.Parse(File.ReadAllText("/proc/sys/net/ipv4/neigh/default/gc_thresh3")), samples.ValueOf(NodeMetrics.NeighbourLimit, (LabelNames.Family, "ipv4"), (LabelNames.Level, "gc_thresh3")));
        Assert.Equal(2, samples.Of(NodeMetrics.NeighbourEntries).Count);
        var pages = File.ReadAllText("/proc/sys/net/ipv4/tcp_mem").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(double.Parse(pages[2]) * Environment.SystemPageSize, samples.ValueOf(NodeMetrics.SocketMemoryLimitBytes, (LabelNames.Protocol, "tcp"), (LabelNames.Level, "max")));
    }

    [KernelFact]
    public void Sockets_are_counted_in_their_own_namespace()
    {
        using var network = new TestNetwork();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var samples = rig.Read(new SocketCounts(rig.Files, SourceRig.Name));
        Assert.Equal(1, samples.ValueOf(NamespaceMetrics.Sockets, (LabelNames.Workload, network.B.Name), (LabelNames.Protocol, "tcp")));
        Assert.Equal(0, samples.ValueOf(NamespaceMetrics.Sockets, (LabelNames.Workload, network.A.Name), (LabelNames.Protocol, "tcp")));
        Assert.Equal(0, samples.ValueOf(NamespaceMetrics.ReassemblyQueues, (LabelNames.Workload, network.A.Name), (LabelNames.Family, "ipv6")));
        Assert.Single(samples.Of(NodeMetrics.SocketMemoryBytes, (LabelNames.Protocol, "tcp")));
    }

    [KernelFact]
    public void Protocol_counters_and_interfaces_are_the_namespaces_own()
    {
        using var network = new TestNetwork();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 100_000);
        var netstat = rig.Read(new NetstatCounters(rig.Files, SourceRig.Name));
        Assert.Equal(1, netstat.ValueOf(NamespaceMetrics.ActiveOpens, (LabelNames.Workload, network.A.Name)));
        Assert.Equal(0, netstat.ValueOf(NamespaceMetrics.ActiveOpens, (LabelNames.Workload, network.B.Name)));
        Assert.Equal(0, netstat.ValueOf(NamespaceMetrics.Ipv6ReassemblyFails, (LabelNames.Workload, network.B.Name)));
        var interfaces = rig.Read(new Interfaces(rig.Files, SourceRig.Name));
        Assert.InRange(interfaces.ValueOf(NamespaceMetrics.InterfaceBytes, (LabelNames.Workload, network.A.Name), (LabelNames.Interface, "eth0"), (LabelNames.Direction, LabelNames.Transmit)), 100_000, 200_000);
        client.CloseBoth(server);
    }

    [KernelFact]
    public void A_queueing_discipline_that_drops_is_seen_in_a_pods_namespace()
    {
        using var network = new TestNetwork();
        var links = new Links(rig.Namespaces, SourceRig.Name);
        rig.Read(links);
        Tc($"-n {network.A.Name} qdisc add dev eth0 root tbf rate 8kbit burst 1540 limit 1600");
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(0, rig.Read(links).ValueOf(NodeMetrics.QdiscDrops, (LabelNames.Workload, network.A.Name), (LabelNames.Qdisc, "tbf"), (LabelNames.Interface, "eth0")));

        rig.Thread.Run(network.A, () =>
        {
            using var socket = new System.Net.Sockets.UdpClient();
            for (var i = 0; i < 100; i++)
            {
                socket.Send(new byte[100], "10.99.0.2", 9);
            }
        });
        clock.Advance(TimeSpan.FromSeconds(10));
        Wait.Until(() => rig.Read(links).ValueOf(NodeMetrics.QdiscDrops, (LabelNames.Workload, network.A.Name)) > 0);
        Assert.Empty(rig.Read(links).Of(NodeMetrics.QdiscDrops, (LabelNames.Workload, network.B.Name)));
    }

    [KernelFact]
    public void Conntrack_is_counted_for_the_node_and_where_a_pod_tracks()
    {
        var log = new LogLines();
        var samples = rig.Read(new Conntrack(rig.Files, rig.Namespaces, SourceRig.Name, log.For<Conntrack>()));
        if (!File.Exists("/proc/sys/net/netfilter/nf_conntrack_max"))
        {
            Assert.Empty(samples.Of(NodeMetrics.ConntrackLimit));
            Assert.Single(log.Lines);
            return;
        }

        Assert.Equal(double.Parse(File.ReadAllText("/proc/sys/net/netfilter/nf_conntrack_max")), samples.ValueOf(NodeMetrics.ConntrackLimit, (LabelNames.Workload, "host")));
        Assert.Single(samples.Of(NodeMetrics.ConntrackInsertFailed, (LabelNames.Workload, "host")));
        Assert.Single(samples.Of(NodeMetrics.ConntrackEarlyDrops, (LabelNames.Workload, "host")));
    }

    [KernelFact]
    public void A_pods_sysctl_is_the_one_in_its_own_namespace_and_the_ones_that_we_change_are_fresh()
    {
        using var network = new TestNetwork();
        var sysctls = new Sysctls(rig.Namespaces, SourceRig.Name);
        rig.Thread.Run(network.A, () => Sysctl.Write("net.ipv4.tcp_keepalive_probes", "7"));
        var first = rig.Read(sysctls);
        Assert.Equal(7, first.ValueOf(NamespaceMetrics.Sysctl, (LabelNames.Workload, network.A.Name), (LabelNames.Sysctl, "net.ipv4.tcp_keepalive_probes")));
        Assert.NotEqual(7, first.ValueOf(NamespaceMetrics.Sysctl, (LabelNames.Workload, network.B.Name), (LabelNames.Sysctl, "net.ipv4.tcp_keepalive_probes")));
        Assert.NotEmpty(first.Of(NamespaceMetrics.SysctlInfo, (LabelNames.Workload, network.A.Name), (LabelNames.Sysctl, "net.ipv4.tcp_congestion_control")));

        rig.Thread.Run(network.A, () => Sysctl.Write("net.ipv4.tcp_rmem", "4096 131072 7654321"));
        rig.Thread.Run(network.A, () => Sysctl.Write("net.ipv4.tcp_keepalive_probes", "8"));
        clock.Advance(TimeSpan.FromSeconds(5));
        var next = rig.Read(sysctls);
        Assert.Equal(7654321, next.ValueOf(NamespaceMetrics.Sysctl, (LabelNames.Workload, network.A.Name), (LabelNames.Sysctl, "net.ipv4.tcp_rmem"), (LabelNames.Field, "max")));
        Assert.Equal(7, next.ValueOf(NamespaceMetrics.Sysctl, (LabelNames.Workload, network.A.Name), (LabelNames.Sysctl, "net.ipv4.tcp_keepalive_probes")));
        clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(8, rig.Read(sysctls).ValueOf(NamespaceMetrics.Sysctl, (LabelNames.Workload, network.A.Name), (LabelNames.Sysctl, "net.ipv4.tcp_keepalive_probes")));
    }

    [Fact]
    public void Every_sysctl_that_the_knob_table_names_is_read()
    {
        var named = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "knob-sysctls")).Where(line => line.Length > 0);
        Assert.Empty(named.Except(Sysctls.Names, StringComparer.Ordinal));
    }

    [KernelFact]
    public void Interfaces_have_their_MTU_and_one_that_is_too_large_for_what_follows_says_so()
    {
        using var network = new TestNetwork();
        var links = new Links(rig.Namespaces, SourceRig.Name);
        Assert.Equal(1500, rig.Read(links).ValueOf(NodeMetrics.InterfaceMtu, (LabelNames.Workload, network.A.Name), (LabelNames.Interface, "eth0")));
        Ip($"-n {network.A.Name} route add default via 10.99.0.2");
        Ip($"-n {network.A.Name} link set eth0 mtu 9000");
        clock.Advance(TimeSpan.FromMinutes(2));
        var large = rig.Read(links);
        Assert.Equal(9000, large.ValueOf(NodeMetrics.InterfaceMtu, (LabelNames.Workload, network.A.Name), (LabelNames.Interface, "eth0")));
        var uplink = large.Of(NodeMetrics.InterfaceMtu, (LabelNames.Workload, "host")).Select(each => each.Value).DefaultIfEmpty().Min();
        if (uplink is > 0 and < 9000)
        {
            Assert.NotEmpty(large.Of(NodeMetrics.MtuExcess, (LabelNames.Workload, network.A.Name), (LabelNames.Reason, "uplink")));
        }
    }

    [KernelFact]
    public void Cards_of_the_node_are_asked_and_those_without_counters_are_left_out() =>
        Assert.DoesNotContain(rig.Read(new NetworkCards(rig.Namespaces, SourceRig.Name)).Of(NodeMetrics.DriverCounter), each => each.Labels[LabelNames.Counter].Length == 0);

    [KernelFact]
    public void A_namespace_that_vanishes_between_two_readings_stops_nothing()
    {
        var network = new TestNetwork();
        var name = network.A.Name;
        rig.Node.Refresh();
        network.Dispose();
        var samples = new Telemetry.Exposition.SampleWriter(clock.GetUtcNow());
        rig.Files.Read(samples);
        new Interfaces(rig.Files, SourceRig.Name).Read(samples);
        new Sysctls(rig.Namespaces, SourceRig.Name).Read(samples);
        new Links(rig.Namespaces, SourceRig.Name).Read(samples);
        Assert.Empty(samples.Of(NamespaceMetrics.InterfaceBytes, (LabelNames.Workload, name)));
        Assert.NotEmpty(samples.Of(NamespaceMetrics.InterfaceBytes, (LabelNames.Workload, "host")));
    }

    public void Dispose() => rig.Dispose();

    private static void Tc(string arguments) => Run("tc", arguments);

    private static void Ip(string arguments) => Run("ip", arguments);

    private static void Run(string command, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} {arguments}: {error}");
    }
}
