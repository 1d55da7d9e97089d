using System.Net;
using System.Net.Sockets;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>The real programs on the real kernel.</summary>
public sealed class TcpProgramTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly TcpProgram program = TcpProgram.Load();

    [KernelFact]
    public void A_connection_shows_its_bytes_addresses_and_sides_at_both_ends()
    {
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        client.Transfer(server, 100_000);
        server.Transfer(client, 7);

        var atClient = Assert.Single(Walk(network.A));
        var atServer = Assert.Single(Walk(network.B));

        Assert.Equal(100_000u, atClient.BytesSent - atClient.BytesRetransmitted);
        Assert.Equal(7u, atClient.BytesReceived);
        Assert.Equal(100_000u, atServer.BytesReceived);
        Assert.Equal(7u, atServer.BytesSent - atServer.BytesRetransmitted);
        Assert.False(atClient.IsPassive);
        Assert.True(atServer.IsPassive);
        Assert.Equal("10.99.0.1", atClient.LocalAddress.ToString());
        Assert.Equal("10.99.0.2", atClient.RemoteAddress.ToString());
        Assert.Equal(((IPEndPoint)listener.LocalEndPoint!).Port, atServer.LocalPort);
        Assert.Equal(atServer.LocalPort, atClient.RemotePort);
        Assert.Equal(network.A.Inode, atClient.NamespaceInode);
        Assert.Equal(thread.CookieOf(network.A), atClient.NamespaceCookie);
        Assert.InRange(atClient.SmoothedRttEighthMicroseconds / 8, 1u, 1_000_000u);
        Assert.InRange(atClient.MinimumRttMicroseconds, 1u, 1_000_000u);
        Assert.Equal(1, atClient.State);
    }

    [KernelFact]
    public void Connections_over_ipv6_tell_their_sides_too()
    {
        using var listener = network.Listen(TestNetwork.Ipv6AddressOfB);
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        client.Transfer(server, 5_000);

        var atClient = Assert.Single(Walk(network.A));
        var atServer = Assert.Single(Walk(network.B));

        Assert.Equal((false, true), (atClient.IsPassive, atServer.IsPassive));
        Assert.Equal("fd99::2", atClient.RemoteAddress.ToString());
        Assert.Equal("fd99::1", atServer.RemoteAddress.ToString());
        Assert.Equal(5_000u, atServer.BytesReceived);
    }

    [KernelFact]
    public void An_ipv4_connection_to_a_listener_on_both_families_has_ipv4_addresses()
    {
        using var listener = network.NewSocket(network.B, AddressFamily.InterNetworkV6);
        listener.DualMode = true;
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        listener.Listen();
        var (client, server) = network.Connect(listener, TestNetwork.AddressOfB);
        using var clientEnd = client;
        using var serverEnd = server;

        var atServer = Assert.Single(Walk(network.B));

        Assert.True(atServer.IsPassive);
        Assert.Equal(("10.99.0.2", "10.99.0.1"), (atServer.LocalAddress.ToString(), atServer.RemoteAddress.ToString()));
    }

    [KernelFact]
    public void A_connection_that_ended_is_recorded_without_the_fin_as_a_byte()
    {
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_234);
        client.CloseBoth(server);

        var ended = Drain();

        var atClient = Assert.Single(ended, r => !r.IsPassive);
        var atServer = Assert.Single(ended, r => r.IsPassive);
        Assert.Equal((1_234u, 0u), (atClient.BytesSent - atClient.BytesRetransmitted, atClient.BytesReceived));
        Assert.Equal((0u, 1_234u), (atServer.BytesSent, atServer.BytesReceived));
        Assert.Equal(atServer.LocalPort, atClient.RemotePort);
        Assert.NotEqual(0, atClient.LocalPort);
    }

    [KernelFact]
    public void A_connection_that_nobody_answered_is_no_connection()
    {
        using var client = network.NewSocket(network.A);
        Assert.Throws<SocketException>(() => client.Connect(new IPEndPoint(TestNetwork.AddressOfB, 1)));
        client.Dispose();
        Assert.Empty(Drain());
    }

    [KernelFact]
    public void A_receiver_that_does_not_read_shows_as_a_full_queue_and_as_window_limited_time()
    {
        using var listener = network.Listen(TestNetwork.AddressOfB);
        listener.ReceiveBufferSize = 65_536;
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        client.Blocking = false;
        var chunk = new byte[65_536];

        TcpRecord atClient = default;
        Wait.Until(() =>
        {
            try
            {
                client.Send(chunk);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                // Full, as it should be.
            }

            atClient = Assert.Single(Walk(network.A));
            return atClient.ReceiveWindowLimitedJiffies > 0;
        });

        var atServer = Assert.Single(Walk(network.B));
        Assert.True(atServer.IsReceiveBufferLocked);
        Assert.False(atClient.IsReceiveBufferLocked);
        Assert.InRange(atServer.ReceiveQueueBytes, 1_000u, atServer.ReceiveBufferBytes * 4);
        Assert.InRange(atClient.ReceiveWindowLimitedJiffies, 1u, 60_000u);
    }

    [KernelFact]
    public void A_walk_ends_with_the_clocks_which_tell_the_length_of_a_jiffy()
    {
        var jiffies = new JiffyClock();
        Wait.Until(() =>
        {
            jiffies.Observe(program.Walk(thread, network.A, static (in TcpRecord _) => { }));
            return jiffies.JiffiesPerSecond is not null;
        });
        Assert.Contains(jiffies.JiffiesPerSecond!.Value, new double[] { 100, 250, 300, 1000 });
    }

    [KernelFact]
    public void A_namespace_that_is_gone_says_so()
    {
        using (var other = new TestNetwork())
        {
            Walk(other.A);
        }

        var gone = new NetworkNamespace("/run/netns/nptest-nobody", 1, "nobody");
        Assert.True(Assert.Throws<NetworkNamespaceException>(() => program.Walk(thread, gone, static (in TcpRecord _) => { })).IsGone);
    }

    public void Dispose()
    {
        program.Dispose();
        thread.Dispose();
        network.Dispose();
    }

    private List<TcpRecord> Walk(NetworkNamespace target)
    {
        var records = new List<TcpRecord>();
        program.Walk(thread, target, (in TcpRecord record) => records.Add(record));
        return records;
    }

    /// <summary>Those of our own namespaces.</summary>
    private List<TcpRecord> Drain()
    {
        var records = new List<TcpRecord>();
        Wait.Until(() =>
        {
            program.Drain((in TcpRecord record) => records.Add(record));
            return true;
        });
        return records.FindAll(r => r.NamespaceInode == network.A.Inode || r.NamespaceInode == network.B.Inode);
    }
}
