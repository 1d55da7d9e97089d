using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>Packets that the real kernel drops in namespaces of our own.</summary>
public sealed class DropsTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly NodeObserver node;
    private readonly Drops drops;

    public DropsTests()
    {
        node = new NodeObserver(thread, null, TimeProvider.System);
        drops = new Drops(node, new NodeName("n"), TimeProvider.System);
    }

    private string B => network.B.Name;

    [KernelFact]
    public void A_datagram_that_nobody_waits_for_has_no_socket()
    {
        Read();
        using var client = NewSocket(network.A);
        for (var i = 0; i < 20; i++)
        {
            client.SendTo([1], new IPEndPoint(TestNetwork.AddressOfB, 9));
        }

        Assert.Equal(20, Until("NO_SOCKET", 20).Sum(DropMetrics.Packets, (LabelNames.Workload, B), (LabelNames.Reason, "NO_SOCKET"), (LabelNames.Class, "unreachable")));
    }

    [KernelFact]
    public void A_full_receive_buffer_is_congestion()
    {
        Read();
        using var server = NewSocket(network.B);
        server.Bind(new IPEndPoint(TestNetwork.AddressOfB, 0));
        server.ReceiveBufferSize = 4_096;
        using var client = NewSocket(network.A);
        for (var i = 0; i < 100; i++)
        {
            client.SendTo(new byte[1_000], server.LocalEndPoint!);
        }

        var received = 0;
        while (server.Available > 0)
        {
            server.Receive(new byte[2_000]);
            received++;
        }

        Assert.Equal(100 - received, Until("SOCKET_RCVBUFF", 100 - received).Sum(DropMetrics.Packets, (LabelNames.Workload, B), (LabelNames.Class, "congestion")));
    }

    [KernelFact]
    public void A_rule_of_netfilter_is_policy()
    {
        Nft("add table inet test");
        Nft("add chain inet test in { type filter hook input priority 0; }");
        Nft("add rule inet test in udp dport 9 drop");
        Read();
        using var client = NewSocket(network.A);
        for (var i = 0; i < 15; i++)
        {
            client.SendTo([1], new IPEndPoint(TestNetwork.AddressOfB, 9));
        }

        Assert.Equal(15, Until("NETFILTER_DROP", 15).Sum(DropMetrics.Packets, (LabelNames.Workload, B), (LabelNames.Reason, "NETFILTER_DROP"), (LabelNames.Class, "policy")));
    }

    [KernelFact]
    public void Every_reason_of_this_kernel_has_a_class() => Assert.Equal(
        ["NOT_SPECIFIED"],
        DropReasons.OfThisKernel().Names.Where(name => DropClass.Of(name) == DropClass.Unspecified).Order(StringComparer.Ordinal));

    [KernelFact]
    public void A_reason_that_nobody_names_is_told_by_its_number()
    {
        var reasons = DropReasons.OfThisKernel();
        Assert.Equal("NETFILTER_DROP", reasons.Names.Single(name => name == "NETFILTER_DROP"));
        Assert.Equal("60000", reasons.NameOf(60_000));
        Assert.EndsWith("_77", reasons.NameOf((40 << 16) | 77), StringComparison.Ordinal);
        Assert.Equal(DropClass.Unspecified, DropClass.Of(reasons.NameOf(60_000)));
    }

    public void Dispose()
    {
        drops.Dispose();
        thread.Dispose();
        network.Dispose();
    }

    private void Nft(string rule)
    {
        using var process = Process.Start(new ProcessStartInfo("ip", ["netns", "exec", B, "nft", rule]) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"nft {rule}: {error}");
    }

    /// <summary>Begins to count.</summary>
    private void Read() => _ = SourceReading.Of(node, drops);

    private SourceReading Until(string reason, double atLeast) =>
        SourceReading.Until(node, drops, reading => reading.Sum(DropMetrics.Packets, (LabelNames.Workload, B), (LabelNames.Reason, reason)) >= atLeast);

    private Socket NewSocket(NetworkNamespace target) =>
        thread.Run(target, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 20_000 });
}
