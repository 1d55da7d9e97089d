using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Kernel.Interop;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>From real datagrams between real namespaces to samples.</summary>
public sealed partial class UdpSocketsTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly TestPods pods = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly Meter meter = new("NetPulse.Collector.Tests");
    private readonly DnsAskers askers = new();
    private readonly TestClock clock = new();
    private readonly NodeObserver node;
    private UdpSockets sockets;

    public UdpSocketsTests()
    {
        node = new NodeObserver(thread, pods.Directory, TimeProvider.System);
        sockets = NewSource();
    }

    private string A => network.A.Name;

    private string B => network.B.Name;

    [KernelTheory]
    [InlineData("10.99.0.2", true)]
    [InlineData("10.99.0.2", false)]
    [InlineData("fd99::2", true)]
    [InlineData("fd99::2", false)]
    public void Every_datagram_counts_at_both_ends_with_its_peer(string address, bool isConnected)
    {
        ReadWithSendersKnown();
        using var server = Bound(address);
        using var client = NewSocket(network.A, server.AddressFamily);
        if (isConnected)
        {
            client.Connect(server.LocalEndPoint!);
        }

        for (var i = 1; i <= 50; i++)
        {
            _ = isConnected ? client.Send(new byte[i]) : client.SendTo(new byte[i], server.LocalEndPoint!);
            var sender = Receive(server, i);
            server.SendTo(new byte[2], sender);
            Receive(client, 2);
        }

        var reading = Read();
        AssertEdge(reading, A, LabelNames.Client, "b", server, (1_275, 50), (100, 50));
        AssertEdge(reading, B, LabelNames.Server, "a", server, (100, 50), (1_275, 50));
    }

    [KernelFact]
    public void A_socket_that_talks_to_several_peers_has_each_of_them_right()
    {
        Read();
        using var first = Bound("10.99.0.2");
        using var second = Bound("10.99.0.2");
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        for (var i = 0; i < 30; i++)
        {
            client.SendTo(new byte[10], first.LocalEndPoint!);
            client.SendTo(new byte[7], second.LocalEndPoint!);
        }

        var reading = Read();
        AssertEdge(reading, A, LabelNames.Client, "b", first, (300, 30), (0, 0));
        AssertEdge(reading, A, LabelNames.Client, "b", second, (210, 30), (0, 0));
    }

    [KernelTheory]
    [InlineData("10.99.0.2", 1)]
    [InlineData("10.99.0.2", 3)]
    [InlineData("fd99::2", 1)]
    [InlineData("fd99::2", 3)]
    public void Messages_sent_one_or_several_a_call_have_each_its_peer(string address, int perCall)
    {
        const int Calls = 5;
        Read();
        var servers = Enumerable.Range(0, perCall).Select(_ => Bound(address)).ToArray();
        using var client = NewSocket(network.A, servers[0].AddressFamily);
        var batch = new Batch(servers);
        var messages = batch.Messages;
        for (var call = 0; call < Calls; call++)
        {
            Assert.Equal(perCall, perCall == 1 ? sendmsg(client.SafeHandle, ref messages[0].Message, 0) : sendmmsg(client.SafeHandle, ref messages[0], (uint)perCall, 0));
        }

        GC.KeepAlive(batch);

        var reading = Read();
        for (var i = 0; i < perCall; i++)
        {
            AssertEdge(reading, A, LabelNames.Client, "b", servers[i], (Calls * (i + 1), Calls), (0, 0));
            servers[i].Dispose();
        }
    }

    [KernelFact]
    public void A_batch_that_broke_off_does_not_mix_up_the_next()
    {
        Read();
        using var first = Bound("10.99.0.2");
        using var second = Bound("10.99.0.2");
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        var (broken, sound) = (new Batch(first, second), new Batch(first, second));
        broken.Messages[1].Message.Pieces = 1;
        Assert.Equal(1, sendmmsg(client.SafeHandle, ref broken.Messages[0], 2, 0));
        Assert.Equal(2, sendmmsg(client.SafeHandle, ref sound.Messages[0], 2, 0));
        GC.KeepAlive((broken, sound));

        var reading = Read();
        AssertEdge(reading, A, LabelNames.Client, "b", first, (2, 2), (0, 0));
        AssertEdge(reading, A, LabelNames.Client, "b", second, (2, 1), (0, 0));
    }

    [KernelFact]
    public async Task Threads_that_share_a_socket_do_not_mix_up_their_peers()
    {
        const int Each = 2_000;
        Read();
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        var servers = Enumerable.Range(0, 4).Select(_ => Bound("10.99.0.2")).ToList();
        await Task.WhenAll(servers.Select((server, i) => Task.Run(() =>
        {
            for (var sent = 0; sent < Each; sent++)
            {
                client.SendTo(new byte[i + 1], server.LocalEndPoint!);
            }
        })));

        var reading = Read();
        for (var i = 0; i < servers.Count; i++)
        {
            AssertEdge(reading, A, LabelNames.Client, "b", servers[i], (Each * (i + 1), Each), (0, 0));
            servers[i].Dispose();
        }
    }

    [KernelFact]
    public void A_server_on_both_families_sees_an_ipv4_peer()
    {
        ReadWithSendersKnown();
        using var server = NewSocket(network.B, AddressFamily.InterNetworkV6);
        server.DualMode = true;
        server.Bind(new IPEndPoint(IPAddress.IPv6Any, FreePort(network.B)));
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        client.SendTo(new byte[9], new IPEndPoint(TestNetwork.AddressOfB, ((IPEndPoint)server.LocalEndPoint!).Port));
        server.SendTo(new byte[4], Receive(server, 9));
        Receive(client, 4);

        AssertEdge(Read(), B, LabelNames.Server, "a", server, (4, 1), (9, 1));
    }

    [KernelFact]
    public void A_reader_that_does_not_ask_for_the_sender_has_its_bytes_counted()
    {
        Read();
        using var server = Bound("10.99.0.2");
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        client.SendTo(new byte[33], server.LocalEndPoint!);
        Assert.Equal(33, recv(server.SafeHandle, ref MemoryMarshal.GetArrayDataReference(new byte[100]), 100, 0));

        var received = Assert.Single(
            Read().Find(UdpMetrics.IoBytes, (LabelNames.Workload, B), (LabelNames.Direction, LabelNames.Receive)), sample => sample.Value > 0);
        Assert.Equal(33, received.Value);
        Assert.Equal(Hooks() == UdpHooks.Functions ? "a" : NamespaceOwners.Unknown.Workload, received.Labels[LabelNames.PeerWorkload]);
    }

    [KernelFact]
    public void A_look_at_what_waits_counts_nothing()
    {
        Read();
        using var server = Bound("10.99.0.2");
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        client.SendTo(new byte[5], server.LocalEndPoint!);
        EndPoint sender = new IPEndPoint(IPAddress.Any, 0);
        Assert.Equal(5, server.ReceiveFrom(new byte[100], SocketFlags.Peek, ref sender));
        Assert.Equal(0, Read().Sum(UdpMetrics.IoBytes, (LabelNames.Workload, B), (LabelNames.Direction, LabelNames.Receive)));
        Receive(server, 5);
        Assert.Equal(5, Read().Sum(UdpMetrics.IoBytes, (LabelNames.Workload, B), (LabelNames.Direction, LabelNames.Receive)));
    }

    [KernelFact]
    public void What_finds_a_full_receive_buffer_is_counted_by_its_socket()
    {
        const int Sent = 500;
        Read();
        using var server = Bound("10.99.0.2");
        server.ReceiveBufferSize = 4_096;
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        for (var i = 0; i < Sent; i++)
        {
            client.SendTo(new byte[1_000], server.LocalEndPoint!);
        }

        var received = 0;
        while (server.Available > 0)
        {
            Receive(server, 1_000);
            received++;
        }

        var reading = Read();
        var drops = reading.Sum(UdpMetrics.SocketDrops, (LabelNames.Workload, B), (LabelNames.ServerPort, Port(server)), (LabelNames.Reason, "receive_buffer"));
        Assert.Equal(2 * 4_096, reading.Sum(UdpMetrics.DroppingBufferBytes, (LabelNames.Workload, B), (LabelNames.ServerPort, Port(server))));
        Assert.Equal(1, reading.Sum(UdpMetrics.DroppingBufferLocked, (LabelNames.Workload, B), (LabelNames.ServerPort, Port(server))));
        Assert.InRange(received, 1, Sent - 1);
        Assert.Equal(Sent - received, drops);
        Assert.Equal(received, reading.Sum(UdpMetrics.Datagrams, (LabelNames.Workload, B), (LabelNames.Direction, LabelNames.Receive)));
    }

    [KernelFact]
    public void A_socket_that_drops_again_shows_what_waits_in_it()
    {
        Read();
        using var server = Bound("10.99.0.2");
        server.ReceiveBufferSize = 4_096;
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        for (var reading = 0; reading < 2; reading++)
        {
            for (var i = 0; i < 50; i++)
            {
                client.SendTo(new byte[1_000], server.LocalEndPoint!);
            }

            var waiting = Read().Sum(UdpMetrics.DroppingQueueBytes, (LabelNames.Workload, B), (LabelNames.ServerPort, Port(server)));
            Assert.True(reading == 0 ? waiting == 0 : waiting > 1_000, $"{waiting} bytes in reading {reading}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("7: 0100007F 0 0 0")]
    [InlineData("7: 0100007F:0035 00000000:0000 07 00000000:FFFFFFFFFFFFFFFF")]
    public void A_line_of_another_shape_is_refused(string line) => Assert.Throws<FormatException>(() => UdpQueues.Add(line, []));

    [KernelFact]
    public void More_peers_than_the_kernels_map_holds_lose_no_byte()
    {
        sockets.Dispose();
        using var self = new SelfMetrics(new NodeName("n"));
        sockets = NewSource(kernelEdges: 16);
        Read();
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        SendToPorts(client, 20_000, 200);
        var reading = SourceReading.Of(node, sockets, self);
        Assert.Equal(2_000, reading.Sum(UdpMetrics.IoBytes, (LabelNames.Workload, A), (LabelNames.Direction, LabelNames.Transmit)));
        Assert.InRange(reading.Sum(UdpMetrics.IoBytes, (LabelNames.Workload, A), (LabelNames.PeerWorkload, "other")), 1_800, 2_000);
        Assert.True(reading.Families.Single(f => f.Metric.Name == "netpulse_udp_overflowed_datagrams_total").Samples[0].Value >= 180);
    }

    [KernelFact]
    public void What_drops_between_two_readings_that_are_far_apart_is_counted_and_its_series_stays_a_day()
    {
        ReadAfter(TimeSpan.Zero);
        using var server = Bound("10.99.0.2");
        server.ReceiveBufferSize = 4_096;
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        var before = 0.0;
        foreach (var pause in new[] { TimeSpan.Zero, TimeSpan.FromMinutes(11), TimeSpan.FromHours(3) })
        {
            for (var i = 0; i < 100; i++)
            {
                client.SendTo(new byte[1_000], server.LocalEndPoint!);
            }

            // Of a hundred into a buffer of eight kilobytes, most are dropped; into a full one, all.
            var drops = FullBufferDrops(ReadAfter(pause));
            Assert.InRange(drops - before, pause == TimeSpan.Zero ? 80 : 100, 100);
            before = drops;
        }

        Assert.Equal(before, FullBufferDrops(ReadAfter(TimeSpan.FromMinutes(11))));
        client.SendTo(new byte[1_000], server.LocalEndPoint!);
        Assert.Equal(before + 1, FullBufferDrops(ReadAfter(TimeSpan.FromHours(23))));
        Assert.Equal(before + 1, FullBufferDrops(ReadAfter(TimeSpan.FromHours(23))));
        Assert.Empty(ReadAfter(TimeSpan.FromHours(2)).Find(UdpMetrics.SocketDrops, (LabelNames.Workload, B)));
    }

    [KernelFact]
    public void Who_was_idle_for_long_is_forgotten_and_counted_on_rightly_afterwards()
    {
        ReadAfter(TimeSpan.Zero);
        using var server = Bound("10.99.0.2");
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        client.SendTo(new byte[10], server.LocalEndPoint!);
        Assert.Equal(10, SentBytes(ReadAfter(TimeSpan.Zero)));
        Assert.Equal(10, SentBytes(ReadAfter(TimeSpan.FromMinutes(9))));
        Assert.Equal(0, SentBytes(ReadAfter(TimeSpan.FromMinutes(2))));

        client.SendTo(new byte[7], server.LocalEndPoint!);
        Assert.Equal(7, SentBytes(ReadAfter(TimeSpan.FromMinutes(20))));
    }

    [KernelFact]
    public void What_finds_no_room_in_the_kernels_map_is_counted_on_rightly_after_a_pause_and_room_is_made()
    {
        sockets.Dispose();
        sockets = NewSource(kernelEdges: 16);
        ReadAfter(TimeSpan.Zero);
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        SendToPorts(client, 20_000, 200);
        Assert.Equal(2_000, SentBytes(ReadAfter(TimeSpan.Zero)));
        SendToPorts(client, 20_000, 200);
        Assert.Equal(4_000, SentBytes(ReadAfter(TimeSpan.FromMinutes(5))));
        Assert.Equal(0, SentBytes(ReadAfter(TimeSpan.FromMinutes(20))));

        // The map is empty again, but for what others on this machine send meanwhile.
        SendToPorts(client, 21_000, 200);
        var reading = ReadAfter(TimeSpan.FromMinutes(20));
        Assert.Equal(2_000, SentBytes(reading));
        Assert.NotEmpty(reading.Find(UdpMetrics.IoBytes, (LabelNames.Workload, A), (LabelNames.PeerWorkload, "b")));
    }

    [KernelFact]
    public void A_full_map_announces_who_asks_for_names_once()
    {
        using var program = UdpProgram.Load(1, askers);
#pragma warning disable S3869 // the buffer is held by who announces
        using var announced = new RingBuffer((int)askers.Ring().DangerousGetHandle());
#pragma warning restore S3869
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        SendToPorts(client, 20_000, 1);
        for (var i = 0; i < 1_000; i++)
        {
            client.SendTo(new byte[10], new IPEndPoint(TestNetwork.AddressOfB, 53));
        }

        // Others on this machine may ask as well: each of their groups once or twice, not a thousand times.
        Assert.InRange(announced.Consume(static _ => { }), 1, 500);
    }

    [KernelFact]
    public void More_workload_pairs_than_allowed_are_folded()
    {
        sockets.Dispose();
        sockets = NewSource(maximumEdges: 0);
        Read();
        using var client = NewSocket(network.A, AddressFamily.InterNetwork);
        client.SendTo(new byte[10], new IPEndPoint(TestNetwork.AddressOfB, 20_000));

        Assert.Equal(10, Read().Sum(UdpMetrics.IoBytes, (LabelNames.Workload, A), (LabelNames.PeerWorkload, "other")));
    }

    public void Dispose()
    {
        sockets.Dispose();
        askers.Dispose();
        meter.Dispose();
        thread.Dispose();
        network.Dispose();
        pods.Dispose();
    }

    private static void AssertEdge(
        SourceReading reading, string owner, string role, string peer, Socket server, (int Bytes, int Datagrams) sent, (int Bytes, int Datagrams) received)
    {
        foreach (var (direction, expected) in new[] { (LabelNames.Transmit, sent), (LabelNames.Receive, received) })
        {
            (string, string)[] labels =
            [
                (LabelNames.Workload, owner), (LabelNames.Role, role), (LabelNames.PeerWorkload, peer), (LabelNames.ServerPort, Port(server)), (LabelNames.Direction, direction),
            ];
            Assert.Equal((direction, expected.Bytes, expected.Datagrams), (direction, reading.Sum(UdpMetrics.IoBytes, labels), reading.Sum(UdpMetrics.Datagrams, labels)));
        }
    }

    private static EndPoint Receive(Socket socket, int expected)
    {
        EndPoint sender = new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        Assert.Equal(expected, socket.ReceiveFrom(new byte[2_000], ref sender));
        return sender;
    }

    private static string Port(Socket server) => $"{((IPEndPoint)server.LocalEndPoint!).Port}";

    private UdpHooks Hooks()
    {
        using var program = UdpProgram.Load(16, askers);
        return program.Hooks;
    }

    /// <summary>.NET's own always asks for the sender.</summary>
    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeHandle sockfd, ref byte buf, nuint len, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(SafeHandle sockfd, ref MessageHeader msg, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sendmmsg(SafeHandle sockfd, ref BatchedMessage msgvec, uint vlen, int flags);

    private UdpSockets NewSource(int maximumEdges = 10_000, int kernelEdges = UdpSockets.DefaultKernelEdges) =>
        new(thread, node, new NodeName("n"), maximumEdges, kernelEdges, askers, TimeProvider.System, meter, NullLogger<UdpSockets>.Instance);

    private SourceReading Read() => SourceReading.Of(node, sockets);

    /// <summary>Somebody in our control group asks who sends, so that from here on it is known.</summary>
    private void ReadWithSendersKnown()
    {
        Read();
        using var asks = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        asks.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        asks.SendTo(new byte[1], asks.LocalEndPoint!);
        Receive(asks, 1);
        Read();
    }

    private SourceReading ReadAfter(TimeSpan pause)
    {
        clock.Advance(pause);
        return SourceReading.At(clock.GetUtcNow(), node, sockets);
    }

    private double SentBytes(SourceReading reading) => reading.Sum(UdpMetrics.IoBytes, (LabelNames.Workload, A), (LabelNames.Direction, LabelNames.Transmit));

    private double FullBufferDrops(SourceReading reading) => reading.Sum(UdpMetrics.SocketDrops, (LabelNames.Workload, B), (LabelNames.Reason, "receive_buffer"));

    /// <summary>Ten bytes to each.</summary>
    private static void SendToPorts(Socket client, int first, int count)
    {
        for (var port = first; port < first + count; port++)
        {
            client.SendTo(new byte[10], new IPEndPoint(TestNetwork.AddressOfB, port));
        }
    }

    /// <summary>A server in B: on a port that it names itself, as servers do.</summary>
    private Socket Bound(string address)
    {
        var server = NewSocket(network.B, IPAddress.Parse(address).AddressFamily);
        server.Bind(new IPEndPoint(IPAddress.Parse(address), FreePort(network.B)));
        return server;
    }

    /// <summary>A port of at least 1024 that the kernel has just found free.</summary>
    private int FreePort(NetworkNamespace target)
    {
        using var probe = NewSocket(target, AddressFamily.InterNetwork);
        probe.Bind(new IPEndPoint(IPAddress.Any, 0));
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private Socket NewSocket(NetworkNamespace target, AddressFamily family) =>
        thread.Run(target, () => new Socket(family, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 20_000 });

    /// <summary><c>struct iovec</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct IoVector
    {
        internal nint Base;
        internal nint Length;
    }

    /// <summary><c>struct msghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        internal nint Name;
        internal uint NameLength;
        internal nint Pieces;
        internal nint PieceCount;
        internal nint Control;
        internal nint ControlLength;
        internal int Flags;
    }

    /// <summary><c>struct mmsghdr</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct BatchedMessage
    {
        internal MessageHeader Message;
        internal uint Sent;
    }

    /// <summary>A message to each, of one byte, of two, and so on.</summary>
    private sealed class Batch
    {
        private readonly byte[] payload;
        private readonly IoVector[] pieces;
        private readonly byte[][] names;

        public Batch(params Socket[] servers)
        {
            payload = GC.AllocateArray<byte>(servers.Length, pinned: true);
            pieces = GC.AllocateArray<IoVector>(servers.Length, pinned: true);
            names = new byte[servers.Length][];
            Messages = GC.AllocateArray<BatchedMessage>(servers.Length, pinned: true);
            for (var i = 0; i < servers.Length; i++)
            {
                var bytes = servers[i].LocalEndPoint!.Serialize().Buffer;
                names[i] = GC.AllocateArray<byte>(bytes.Length, pinned: true);
                bytes.CopyTo(names[i]);
                pieces[i] = new IoVector { Base = Marshal.UnsafeAddrOfPinnedArrayElement(payload, 0), Length = i + 1 };
                Messages[i].Message = new MessageHeader
                {
                    Name = Marshal.UnsafeAddrOfPinnedArrayElement(names[i], 0), NameLength = (uint)bytes.Length, Pieces = Marshal.UnsafeAddrOfPinnedArrayElement(pieces, i), PieceCount = 1,
                };
            }
        }

        public BatchedMessage[] Messages { get; }
    }
}
