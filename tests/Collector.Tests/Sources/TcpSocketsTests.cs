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

    [KernelFact]
    public void Connections_that_fail_are_told_apart_by_reason()
    {
        network.WriteSysctlInA("net.ipv4.tcp_syn_retries", 1);
        network.WriteSysctlInA("net.ipv4.neigh.eth0.mcast_solicit", 1);
        network.WriteSysctlInA("net.ipv4.neigh.eth0.retrans_time_ms", 50);
        network.IpInA("route add 10.99.1.0/24 via 10.99.0.2");
        Read();
        foreach (var (address, error) in new[] { ("10.99.0.2", SocketError.ConnectionRefused), ("10.99.0.77", SocketError.HostUnreachable), ("10.99.1.1", SocketError.TimedOut) })
        {
            using var client = network.NewSocket(network.A);
            client.SetRawSocketOption(6, 18, BitConverter.GetBytes(500)); // TCP_USER_TIMEOUT, in milliseconds
            Assert.Equal(error, Assert.Throws<SocketException>(() => client.Connect(IPAddress.Parse(address), 9)).SocketErrorCode);
        }

        using (var given = network.NewSocket(network.A))
        {
            given.Blocking = false;
            Assert.Throws<SocketException>(() => given.Connect(IPAddress.Parse("10.99.1.2"), 9));
        }

        var reading = Read();
        Assert.Equal(
            [("no-local-port", 0), ("other", 1), ("refused", 1), ("timed-out", 1), ("unreachable", 1)],
            reading.All(TcpMetrics.ConnectFailures, A).GroupBy(sample => sample.Labels[LabelNames.Reason]).Select(group => (group.Key, group.Sum(sample => sample.Value))).Order());
        Assert.Equal(1, reading.Value(TcpMetrics.Resets, A, LabelNames.Client, LabelNames.Receive));
        Assert.Equal(1, reading.Value(TcpMetrics.Resets, B, LabelNames.Server, LabelNames.Transmit));
        Assert.Equal("", reading.Series(TcpMetrics.Resets, B, LabelNames.Server)[LabelNames.ServerPort]);
    }

    [KernelFact]
    public void A_connect_that_finds_no_free_port_says_so()
    {
        network.WriteSysctlInA("net.ipv4.ip_local_port_range", "40000 40001");
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        using var first = network.Connect(listener).Client;
        using var second = network.Connect(listener).Client;
        using var third = network.NewSocket(network.A);
        Assert.Equal(SocketError.AddressNotAvailable, Assert.Throws<SocketException>(() => third.Connect(listener.LocalEndPoint!)).SocketErrorCode);
        var failures = Read().All(TcpMetrics.ConnectFailures, A).Where(sample => sample.Value > 0).ToList();
        Assert.Equal(("no-local-port", 1), failures.Select(sample => (sample.Labels[LabelNames.Reason], sample.Value)).Single());
    }

    [KernelFact]
    public void A_connect_whose_syn_was_lost_took_as_long_as_it_took()
    {
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        using var quick = network.Connect(listener).Client;
        var fast = Read().Part("netpulse_tcp_connect_duration_seconds_sum", A);
        Assert.InRange(fast, 1e-6, 0.5);

        network.IpInA("link set eth0 down");
        using var slow = network.NewSocket(network.A);
        slow.Blocking = false;
        network.IpInA("link set eth0 up");
        network.IpInA("neighbour replace 10.99.0.2 lladdr 02:00:00:00:00:99 dev eth0");
        Assert.Throws<SocketException>(() => slow.Connect(listener.LocalEndPoint!));
        network.IpInA("neighbour delete 10.99.0.2 dev eth0");
        Wait.Until(() => slow.Poll(0, SelectMode.SelectWrite));

        var reading = Read();
        Assert.InRange(reading.Part("netpulse_tcp_connect_duration_seconds_sum", A) - fast, 0.9, 20);
        Assert.Equal(2, reading.Part("netpulse_tcp_connect_duration_seconds_count", A));
    }

    [KernelFact]
    public void Round_trip_times_are_observed_once_a_reading_while_there_is_traffic_and_at_the_end()
    {
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_000);
        Assert.Equal(1, Read().Part("netpulse_tcp_rtt_seconds_count", A));
        var idle = Read().Part("netpulse_tcp_rtt_seconds_count", A);
        ReadUntil(r =>
        {
            var before = idle;
            idle = r.Part("netpulse_tcp_rtt_seconds_count", A);
            return idle <= before;
        });
        client.CloseBoth(server);

        var ended = ReadUntil(r => r.Value(TcpMetrics.ConnectionsClosed, A, LabelNames.Client) > 0);
        Assert.Equal(idle + 1, ended.Part("netpulse_tcp_rtt_seconds_count", A));
        Assert.Equal(idle + 1, ended.Part("netpulse_tcp_min_rtt_seconds_count", A));
        Assert.InRange(ended.Part("netpulse_tcp_min_rtt_seconds_sum", A), 1e-6, ended.Part("netpulse_tcp_rtt_seconds_sum", A));
    }

    [KernelFact]
    public void Open_connections_are_counted_by_state()
    {
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        using var serverEnd = server;
        Assert.Equal(1, Read().State(A, "established"));
        client.Shutdown(SocketShutdown.Send);
        Wait.Until(() => Read() is var now && now.State(A, "fin-wait-2") > 0 && now.State(B, "close-wait") > 0);
        Assert.Equal(0, Read().State(A, "established"));
        client.Dispose();
    }

    [KernelFact]
    public void Who_tries_to_connect_and_gets_no_answer_is_counted()
    {
        network.IpInA("route add 10.99.1.0/24 via 10.99.0.2");
        Read();
        using var client = network.NewSocket(network.A);
        client.Blocking = false;
        Assert.Throws<SocketException>(() => client.Connect(IPAddress.Parse("10.99.1.1"), 9));
        Wait.Until(() => Read().State(A, "syn-sent") > 0);
    }

    [Fact]
    public void What_a_listening_socket_resets_is_its_servers_and_of_nobody_known()
    {
        var key = new TcpEdges("n", 10).KeyOf(new EdgeKey(1, 2, default, 3, 443, EdgeRole.Listener, 6));
        Assert.Equal((EdgeRole.Server, "unknown", (ushort)443), (key.Role, key.Peer.Workload, key.ServerPort));
    }

    [KernelFact]
    public void A_full_listen_queue_shows_its_length_and_what_it_turned_away_by_port()
    {
        using var listener = network.NewSocket(network.B);
        listener.Bind(new IPEndPoint(TestNetwork.AddressOfB, 0));
        listener.Listen(1);
        using var other = network.Listen(TestNetwork.AddressOfB);
        Read();
        var clients = Enumerable.Range(0, 4).Select(_ => network.NewSocket(network.A)).ToList();
        foreach (var client in clients)
        {
            client.Blocking = false;
            Assert.Throws<SocketException>(() => client.Connect(listener.LocalEndPoint!));
        }

        var port = $"{((IPEndPoint)listener.LocalEndPoint!).Port}";
        var reading = ReadUntil(r => r.OfPort(TcpSocketMetrics.ListenOverflows, B, port) > 0);
        Assert.Equal((2, 1), (reading.OfPort(TcpSocketMetrics.ListenQueue, B, port), reading.OfPort(TcpSocketMetrics.ListenQueueLimit, B, port)));
        Assert.Equal(reading.OfPort(TcpSocketMetrics.ListenDrops, B, port), reading.OfPort(TcpSocketMetrics.ListenOverflows, B, port));
        Assert.Equal(0, reading.OfPort(TcpSocketMetrics.ListenDrops, B, $"{((IPEndPoint)other.LocalEndPoint!).Port}"));
        clients.ForEach(client => client.Dispose());
    }

    [KernelFact]
    public void The_busiest_connections_have_series_of_their_own_where_they_are_asked_for()
    {
        sockets.Dispose();
        sockets = NewSource(new TcpOptions(MaxEdges: 10_000, TcpProgram.DefaultEdges, Flows: 2));
        Read();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        var (quiet, quietServer) = network.Connect(listener);
        client.Transfer(server, 9_000_000);

        var flows = Read().All(TcpFlowMetrics.IoBytes, A).Where(sample => sample.Labels[LabelNames.Direction] == LabelNames.Transmit).ToList();
        var busiest = Assert.Single(flows, sample => sample.Value > 1_000_000);
        Assert.Equal(9_000_000, busiest.Value);
        Assert.Equal(
            ("10.99.0.1", $"{((IPEndPoint)client.LocalEndPoint!).Port}", "10.99.0.2", $"{((IPEndPoint)listener.LocalEndPoint!).Port}"),
            (busiest.Labels[LabelNames.Address], busiest.Labels[LabelNames.Port], busiest.Labels[LabelNames.PeerAddress], busiest.Labels[LabelNames.PeerPort]));
        client.CloseBoth(server);
        quiet.CloseBoth(quietServer);
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

        public IEnumerable<Sample> All(MetricDefinition metric, string workload) =>
            Families.Where(family => family.Metric == metric).SelectMany(family => family.Samples).Where(sample => sample.Labels[LabelNames.Workload] == workload);

        /// <summary>Of a histogram's part, which has a name of its own.</summary>
        public double Part(string series, string workload) =>
            Families.SelectMany(family => family.Samples).Where(sample => sample.Labels.Name == series && sample.Labels[LabelNames.Workload] == workload).Sum(sample => sample.Value);

        public double State(string workload, string state) => All(TcpSocketMetrics.Sockets, workload).Where(sample => sample.Labels[LabelNames.State] == state).Sum(sample => sample.Value);

        public double OfPort(MetricDefinition metric, string workload, string port) =>
            All(metric, workload).Where(sample => sample.Labels[LabelNames.ServerPort] == port).Sum(sample => sample.Value);

        private IEnumerable<Sample> Find(MetricDefinition metric, string workload, string role, string direction) =>
            from family in Families
            where family.Metric == metric
            from sample in family.Samples
            where sample.Labels[LabelNames.Workload] == workload && sample.Labels[LabelNames.Role] == role && (direction.Length == 0 || sample.Labels[LabelNames.Direction] == direction)
            select sample;
    }
}
