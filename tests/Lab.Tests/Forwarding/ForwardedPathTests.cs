using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using NetPulse.Lab.Forwarding;
using NetPulse.Lab.Topology;
using NetPulse.Tests;

namespace NetPulse.Lab.Tests.Forwarding;

public sealed class ForwardedPathTests : IAsyncLifetime
{
    private const int Port = 7000;
    private const int NobodyListens = 7001;

    private static readonly LinkSettings Settings = new(TimeSpan.FromMilliseconds(10), BitsPerSecond: 50_000_000, QueueBytes: 256 * 1024);
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly TimeProvider time = TimeProvider.System;
    private LabNamespaces? namespaces;
    private ForwardedPath? path;
    private Socket? client;
    private Socket? server;

    private LabNamespaces Namespaces => namespaces ?? throw new InvalidOperationException("the test runs without its lab");

    private ForwardedPath Path => path ?? throw new InvalidOperationException("the test runs without its lab");

    private Socket Client => client ?? throw new InvalidOperationException("the test runs without its lab");

    private Socket Server => server ?? throw new InvalidOperationException("the test runs without its lab");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        client?.Dispose();
        server?.Dispose();
        path?.Dispose();
        if (namespaces is not null)
        {
            await namespaces.DisposeAsync();
        }
    }

    [KernelFact]
    public async Task A_round_trip_takes_what_is_set_also_when_it_is_changed_live()
    {
        await OpenAsync();
        foreach (var milliseconds in new[] { 20, 100, 4 })
        {
            Path.RoundTripTime = TimeSpan.FromMilliseconds(milliseconds);
            // the best of ten: a loaded machine may delay any one of them, but none can be too early
            var best = Enumerable.Range(0, 10).Min(_ => RoundTripMilliseconds());
            Assert.InRange(best, milliseconds, milliseconds + 1.0);
        }
    }

    [KernelFact]
    public async Task A_delay_that_shrinks_under_traffic_reorders_nothing()
    {
        await OpenAsync();
        const int Packets = 300;
        var received = Task.Run(() => ReceiveNumbers(Packets));
        var datagram = new byte[200];
        for (var i = 0; i < Packets; i++)
        {
            if (i % 5 == 0)
            {
                // a few at a time: what is under test is the path, not the receiving socket's buffer
                await Task.Delay(TimeSpan.FromMilliseconds(1));
                Path.Forward = Settings with { Delay = TimeSpan.FromMilliseconds(i % 60 < 30 ? 30 : 1) };
            }

            BinaryPrimitives.WriteInt32LittleEndian(datagram, i);
            await Client.SendToAsync(datagram, Endpoint(Port));
        }

        Assert.Equal(Enumerable.Range(0, Packets), await received);
    }

    [KernelFact]
    public async Task A_burst_larger_than_the_queue_loses_what_does_not_fit()
    {
        await OpenAsync();
        Path.Forward = Settings with { BitsPerSecond = 1_000_000, QueueBytes = 30_000 };
        for (var i = 0; i < 100; i++)
        {
            await Client.SendToAsync(new byte[1472], Endpoint(NobodyListens));
        }

        // 20 packets of 1,500 bytes fit; at 1 Mbit/s one leaves every 12 ms, while the burst takes a few
        await UntilAsync(() => Path.ForwardCounters is { QueueBytes: 0 } counters && counters.ForwardedPackets + counters.DroppedPackets == 100);
        Assert.InRange(Path.ForwardCounters.ForwardedPackets, 20, 30);
    }

    [KernelFact]
    public async Task A_bottleneck_carries_its_rate()
    {
        await OpenAsync();
        Path.Forward = Settings with { BitsPerSecond = 8_000_000, QueueBytes = long.MaxValue };
        var start = time.GetTimestamp();
        for (var i = 0; i < 200; i++)
        {
            await Client.SendToAsync(new byte[1472], Endpoint(NobodyListens));
        }

        await UntilAsync(() => Path.ForwardCounters.ForwardedPackets == 200);
        Assert.InRange(time.GetElapsedTime(start).TotalMilliseconds, 200 * 1500 * 8 / 8e3, (200 * 1500 * 8 / 8e3) + 50);
    }

    [KernelFact]
    public async Task A_device_deleted_under_a_path_is_said_so()
    {
        await OpenAsync();
        await IpCommand.RunAsync(["-n", Namespaces.Pod("client").NetworkNamespace.Name, "link", "delete", "eth0"], CancellationToken.None);
        var failure = await Assert.ThrowsAsync<LabException>(() => Path.Completion.WaitAsync(Deadline));
        Assert.Contains("deleted under the lab", failure.Message, StringComparison.Ordinal);
    }

    [KernelFact]
    public async Task Nothing_is_left_in_the_pods_when_a_path_is_closed()
    {
        await OpenAsync();
        Assert.Contains("eth0", Devices(), StringComparison.Ordinal);
        Path.Dispose();
        path = null;
        Assert.DoesNotContain("eth0", Devices(), StringComparison.Ordinal);
    }

    private static IPEndPoint Endpoint(int port) => new(TestLab.TwoPods[1].Address, port);

    private async Task OpenAsync()
    {
        namespaces = await LabNamespaces.CreateAsync(TestLab.NewSettings(), TestLab.TwoPods, CancellationToken.None);
        path = await ForwardedPath.OpenAsync(namespaces.Thread, namespaces.Pod("client"), namespaces.Pod("server"), Settings, seed: 1, time, CancellationToken.None);
        client = UdpSocket("client");
        server = UdpSocket("server");
        server.Bind(Endpoint(Port));
    }

    private Socket UdpSocket(string pod)
    {
        var socket = Namespaces.Thread.Run(
            Namespaces.Pod(pod).NetworkNamespace,
            () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        socket.ReceiveTimeout = (int)Deadline.TotalMilliseconds;
        return socket;
    }

    private string Devices() => Namespaces.Thread.Run(Namespaces.Pod("client").NetworkNamespace, () => File.ReadAllText("/proc/thread-self/net/dev"));

    private double RoundTripMilliseconds()
    {
        var datagram = new byte[8];
        EndPoint from = new IPEndPoint(IPAddress.Any, 0);
        var start = time.GetTimestamp();
        Client.SendTo(datagram, Endpoint(Port));
        Server.ReceiveFrom(datagram, ref from);
        Server.SendTo(datagram, from);
        Client.Receive(datagram);
        return time.GetElapsedTime(start).TotalMilliseconds;
    }

    private List<int> ReceiveNumbers(int count)
    {
        var datagram = new byte[200];
        var numbers = new List<int>();
        while (numbers.Count < count)
        {
            Server.Receive(datagram);
            numbers.Add(BinaryPrimitives.ReadInt32LittleEndian(datagram));
        }

        return numbers;
    }

    private async Task UntilAsync(Func<bool> condition)
    {
        var start = time.GetTimestamp();
        while (!condition())
        {
            Assert.True(time.GetElapsedTime(start) < Deadline, $"{Path.ForwardCounters} after {Deadline}");
            await Task.Delay(TimeSpan.FromMilliseconds(2));
        }
    }
}
