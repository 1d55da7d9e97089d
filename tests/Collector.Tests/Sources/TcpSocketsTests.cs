using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>From real sockets in real namespaces to samples.</summary>
public sealed class TcpSocketsTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly Meter meter = new("NetPulse.Collector.Tests");
    private readonly string podsDirectory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly NodeObserver node;
    private TcpSockets sockets;

    public TcpSocketsTests()
    {
        node = new NodeObserver(thread, new PodDirectory(podsDirectory, NullLogger<PodDirectory>.Instance), TimeProvider.System);
        sockets = NewSource();
    }

    private string A => network.A.Name;

    private string B => network.B.Name;

    [KernelFact]
    public void Every_byte_is_counted_once_at_each_end_while_open_and_after()
    {
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 3_000_000);

        var open = Read();
        Assert.Equal(3_000_000, open.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        Assert.Equal(3_000_000, open.Value(TcpMetrics.IoBytes, B, LabelNames.Server, LabelNames.Receive));
        Assert.Equal(1, open.Value(TcpMetrics.Connections, A, LabelNames.Client));
        Assert.Equal(0, open.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client));
        Assert.Equal(B, open.Series(TcpMetrics.IoBytes, A, LabelNames.Client)[LabelNames.PeerWorkload]);
        Assert.Equal($"{((IPEndPoint)listener.LocalEndPoint!).Port}", open.Series(TcpMetrics.IoBytes, A, LabelNames.Client)[LabelNames.ServerPort]);

        server.Transfer(client, 111);
        client.CloseBoth(server);
        var ended = ReadUntil(reading => reading.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client) + reading.Value(TcpMetrics.ConnectionsClosed, B, LabelNames.Server) > 1);
        Assert.Equal(3_000_000, ended.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        Assert.Equal(111, ended.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Receive));
        Assert.Equal(3_000_000, ended.Value(TcpMetrics.IoBytes, B, LabelNames.Server, LabelNames.Receive));
        Assert.Equal(111, ended.Value(TcpMetrics.IoBytes, B, LabelNames.Server, LabelNames.Transmit));
        Assert.Equal(0, ended.Value(TcpMetrics.Connections, A, LabelNames.Client));
    }

    [KernelFact]
    public async Task Ten_thousand_connections_that_live_between_two_readings_are_all_there_to_the_byte()
    {
        const int Connections = 10_000;
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var serving = Task.Run(() =>
        {
            for (var i = 0; i < Connections; i++)
            {
                using var server = listener.Accept();
                server.ReadToEnd();
            }
        });
        var payload = new byte[100];
        long sent = 0;
        for (var i = 0; i < Connections; i++)
        {
            using var client = network.NewSocket(network.A);
            client.Connect(listener.LocalEndPoint!);
            sent += client.Send(payload, (i % 100) + 1, SocketFlags.None);
        }

        await serving.WaitAsync(TimeSpan.FromSeconds(60));

        var reading = ReadUntil(r => r.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client) + r.Value(TcpMetrics.ConnectionsClosed, B, LabelNames.Server) >= 2 * Connections);
        Assert.Equal(sent, reading.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        Assert.Equal(sent, reading.Value(TcpMetrics.IoBytes, B, LabelNames.Server, LabelNames.Receive));
    }

    [KernelFact]
    public void A_connection_older_than_us_begins_with_what_it_does_now()
    {
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_000_000);

        sockets.Dispose();
        sockets = NewSource();
        Assert.Equal(0, Read().Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        client.Transfer(server, 5);
        Assert.Equal(5, Read().Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        client.CloseBoth(server);
        Assert.Equal(5, ReadUntil(r => r.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client) > 0).Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
    }

    [KernelFact]
    public void A_connection_that_died_before_we_began_is_no_jump_when_its_application_lets_go()
    {
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_000_000);
        server.LingerState = new LingerOption(enable: true, seconds: 0);
        server.Dispose();
        Wait.Until(() => client.Poll(0, SelectMode.SelectRead));

        sockets.Dispose();
        sockets = NewSource();
        Read();
        client.Dispose();
        Assert.Equal(0, ReadUntil(r => r.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client) > 0).Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
    }

    [KernelFact]
    public void Pods_name_both_sides_of_a_connection_also_when_they_become_known_later()
    {
        Read();
        using var listener = network.Listen(TestNetwork.Ipv6AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 10);
        Assert.Equal(10, Read().Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));

        WritePod("client-7d9f8b6c5d-x2x4z", network.A, "fd99::1");
        WritePod("archive-0", network.B, "fd99::2");
        ReadUntil(r => r.Any(TcpMetrics.IoBytes, "archive", LabelNames.Server));
        client.Transfer(server, 20);
        var reading = Read();
        Assert.Equal(20, reading.Value(TcpMetrics.IoBytes, "client", LabelNames.Client, LabelNames.Transmit));
        Assert.Equal(20, reading.Value(TcpMetrics.IoBytes, "archive", LabelNames.Server, LabelNames.Receive));
        Assert.Equal(10, reading.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        var series = reading.Series(TcpMetrics.IoBytes, "client", LabelNames.Client);
        Assert.Equal("shop/client-7d9f8b6c5d-x2x4z", $"{series[LabelNames.Namespace]}/{series[LabelNames.Pod]}");
        Assert.Equal("shop/archive/archive-0", $"{series[LabelNames.PeerNamespace]}/{series[LabelNames.PeerWorkload]}/{series[LabelNames.PeerPod]}");
        client.CloseBoth(server);
    }

    [KernelFact]
    public void More_workload_pairs_than_allowed_are_folded_and_counted()
    {
        using var self = new SelfMetrics(new NodeName("n"));
        sockets.Dispose();
        sockets = NewSource(new TcpOptions(MaxEdges: 0, TcpProgram.DefaultEdges, Flows: 0));
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 77);

        var reading = Read(self);
        Assert.Equal(77, reading.Value(TcpMetrics.IoBytes, A, LabelNames.Client, LabelNames.Transmit));
        Assert.Equal("other", reading.Series(TcpMetrics.IoBytes, A, LabelNames.Client)[LabelNames.PeerWorkload]);
        Assert.True(reading.Families.Single(f => f.Metric.Name == "netpulse_tcp_folded_connections_total").Samples[0].Value >= 2);
        client.CloseBoth(server);
    }

    [KernelFact]
    public async Task Time_limited_by_the_receiver_is_told_in_seconds()
    {
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        listener.ReceiveBufferSize = 65_536;
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        var sending = Task.Run(() =>
        {
            int sent;
            do
            {
                sent = client.Send(new byte[65_536]);
            }
            while (sent > 0);
        });

        var reading = ReadUntil(r => r.Value(TcpMetrics.ReceiveWindowLimitedSeconds, A, LabelNames.Client) >= 0.3);
        Assert.InRange(reading.Value(TcpMetrics.ReceiveWindowLimitedSeconds, A, LabelNames.Client), 0.3, 20);
        Assert.True(reading.Value(TcpMetrics.BusySeconds, A, LabelNames.Client) >= reading.Value(TcpMetrics.ReceiveWindowLimitedSeconds, A, LabelNames.Client));
        Assert.Equal(1, reading.Value(TcpMetrics.ReceiveBufferLocked, B, LabelNames.Server));
        Assert.True(reading.Value(TcpMetrics.ReceiveQueue, B, LabelNames.Server) > 1_000);
        Assert.InRange(reading.Value(TcpMetrics.SmoothedRtt, A, LabelNames.Client), 1e-6, 1);
        server.LingerState = new LingerOption(enable: true, seconds: 0);
        server.Dispose();
        await Assert.ThrowsAsync<SocketException>(() => sending.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    public void Dispose()
    {
        sockets.Dispose();
        meter.Dispose();
        thread.Dispose();
        network.Dispose();
        Directory.Delete(podsDirectory, recursive: true);
    }

    private TcpSockets NewSource(TcpOptions? options = null) =>
        new(thread, node, new NodeName("n"), options ?? new TcpOptions(MaxEdges: 10_000, TcpProgram.DefaultEdges, Flows: 0), TimeProvider.System, meter, NullLogger<TcpSockets>.Instance);

    private WrittenSamples Read(params ISource[] further)
    {
        node.Refresh();
        var writer = new SampleWriter(TimeProvider.System.GetUtcNow());
        sockets.Read(writer);
        foreach (var source in further)
        {
            source.Read(writer);
        }

        return new WrittenSamples(writer.Families());
    }

    private WrittenSamples ReadUntil(Func<WrittenSamples, bool> condition)
    {
        WrittenSamples? reading = null;
        Wait.Until(() =>
        {
            reading = Read();
            return condition(reading);
        });
        return reading!;
    }

    private void WritePod(string name, NetworkNamespace target, string address) => File.WriteAllText(Path.Combine(podsDirectory, $"{name}.yaml"), $"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {name}
          namespace: shop
          annotations:
            netpulse.io/network-namespace: {target.Path}
        status:
          podIP: "{address}"
        """);

    /// <summary>A reading, asked by metric, workload, role and direction.</summary>
    private sealed record WrittenSamples(IReadOnlyList<MetricFamily> Families)
    {
        public bool Any(MetricDefinition metric, string workload, string role) => Find(metric, workload, role, "").Any();

        public double Value(MetricDefinition metric, string workload, string role, string direction = "") => Find(metric, workload, role, direction).Sum(sample => sample.Value);

        public LabelSet Series(MetricDefinition metric, string workload, string role) => Find(metric, workload, role, "").First().Labels;

        private IEnumerable<Sample> Find(MetricDefinition metric, string workload, string role, string direction) =>
            from family in Families
            where family.Metric == metric
            from sample in family.Samples
            where sample.Labels[LabelNames.Workload] == workload && sample.Labels[LabelNames.Role] == role && (direction.Length == 0 || sample.Labels[LabelNames.Direction] == direction)
            select sample;
    }
}
