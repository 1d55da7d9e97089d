using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using NetPulse.Collector.Kernel;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Tests;
using TcpListener = NetPulse.Collector.Kernel.TcpListener;

namespace NetPulse.Collector.Tests.Kernel;

/// <summary>The real programs on the real kernel.</summary>
public sealed class TcpProgramTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly NetworkNamespaceThread thread = new();
    private TcpProgram program = TcpProgram.Load();

    [KernelFact]
    public void This_kernel_takes_every_program_but_the_one_for_older_kernels_which_is_not_needed()
    {
        Assert.Empty(program.Refused);
        Assert.True(program.FollowsOpen && program.WalksNamespaces);
    }

    [KernelFact]
    public void A_connection_shows_its_bytes_and_sides_at_both_ends()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        client.Transfer(server, 100_000);
        server.Transfer(client, 7);

        var (atClient, atServer) = FoldBoth();

        Assert.Equal((100_000u, 7u), (atClient.Row.Counters.PayloadSentBytes, atClient.Row.Counters.PayloadReceivedBytes));
        Assert.Equal((7u, 100_000u), (atServer.Row.Counters.PayloadSentBytes, atServer.Row.Counters.PayloadReceivedBytes));
        Assert.Equal(("10.99.0.2", "10.99.0.1"), (atClient.Key.Peer.ToString(), atServer.Key.Peer.ToString()));
        Assert.Equal(((IPEndPoint)listener.LocalEndPoint!).Port, atServer.Key.ServerPort);
        Assert.Equal(atServer.Key.ServerPort, atClient.Key.ServerPort);
        Assert.Equal(network.A.Inode, atClient.Key.NamespaceInode);
        Assert.Equal(thread.CookieOf(network.A), atClient.Key.NamespaceCookie);
        Assert.NotEqual(0u, atClient.Key.Cgroup);
        Assert.Equal((1u, 1u), (atClient.Row.Open, atClient.Row.States[1]));
        Assert.InRange(atClient.Row.OpenSmoothedRttSum, 1u, 1_000_000u);
        Assert.InRange(atClient.Row.SmoothedRttSum, 1u, 1_000_000u);
        Assert.InRange(atClient.Row.MinimumRttSum, 1u, 1_000_000u);
        Assert.True(atClient.Row.RateBytesPerSecondSum > 0);
    }

    [KernelFact]
    public void Connections_over_ipv6_tell_their_sides_too()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.Ipv6AddressOfB);
        var (client, server) = network.Connect(listener);
        using var clientEnd = client;
        using var serverEnd = server;
        client.Transfer(server, 5_000);

        var (atClient, atServer) = FoldBoth();

        Assert.Equal(("fd99::2", "fd99::1"), (atClient.Key.Peer.ToString(), atServer.Key.Peer.ToString()));
        Assert.Equal(5_000u, atServer.Row.Counters.PayloadReceivedBytes);
    }

    [KernelFact]
    public void An_ipv4_connection_to_a_listener_on_both_families_has_ipv4_addresses()
    {
        Begin();
        using var listener = network.NewSocket(network.B, AddressFamily.InterNetworkV6);
        listener.DualMode = true;
        listener.Bind(new IPEndPoint(IPAddress.IPv6Any, 0));
        listener.Listen();
        var (client, server) = network.Connect(listener, TestNetwork.AddressOfB);
        using var clientEnd = client;
        using var serverEnd = server;

        Assert.Equal("10.99.0.1", FoldBoth().Server.Key.Peer.ToString());
    }

    [KernelFact]
    public void What_was_folded_is_not_counted_again_when_the_connection_ends()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_000);
        Assert.Equal(1_000u, FoldBoth().Client.Row.Counters.PayloadSentBytes);
        Assert.Equal(0u, FoldBoth().Client.Row.Counters.PayloadSentBytes);
        client.Transfer(server, 234);
        client.CloseBoth(server);

        var ended = Ended(2);

        var atClient = Assert.Single(ended, each => each.Key.Role == EdgeRole.Client);
        var atServer = Assert.Single(ended, each => each.Key.Role == EdgeRole.Server);
        Assert.Equal((234u, 0u), (atClient.PayloadSentBytes, atClient.PayloadReceivedBytes));
        Assert.Equal((0u, 234u), (atServer.PayloadSentBytes, atServer.PayloadReceivedBytes));
        Assert.Equal(atServer.Key.ServerPort, atClient.Key.ServerPort);
    }

    [KernelFact]
    public void A_connection_closed_without_lingering_counts_in_full_though_the_kernel_clears_its_counters()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 2_000);
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        server.Dispose();

        Assert.Equal(2_000u, AtClient(Ended(2)).PayloadSentBytes);
    }

    [KernelFact]
    public void Of_a_connection_closed_without_lingering_what_was_folded_is_not_counted_again()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 3_000);
        Assert.Equal(3_000u, FoldBoth().Client.Row.Counters.PayloadSentBytes);
        client.Transfer(server, 500);
        client.LingerState = new LingerOption(enable: true, seconds: 0);
        client.Dispose();
        server.Dispose();

        Assert.Equal(500u, AtClient(Ended(2)).PayloadSentBytes);
    }

    [KernelFact]
    public void A_connection_closed_with_data_unread_counts_once_though_its_reset_and_its_end_are_told()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var (client, server) = network.Connect(listener);
        client.Transfer(server, 1_000);
        server.Send(new byte[10]);
        Wait.Until(() => client.Available == 10);
        client.Dispose();
        server.Dispose();
        var (next, last) = network.Connect(listener);
        next.CloseBoth(last);

        var ended = Ended(4);
        Assert.Equal(4, ended.Count);
        Assert.Equal(1_000, ended.Where(each => each.Key.Role == EdgeRole.Client).Sum(each => (long)each.PayloadSentBytes));
    }

    [KernelFact]
    public void A_connection_that_waits_for_accept_is_found_in_its_namespace()
    {
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        using var client = network.NewSocket(network.A);
        client.Connect(listener.LocalEndPoint!);
        client.Send(new byte[50]);

        WalkFiles();
        Assert.Empty(Fold(EdgeRole.Server));
        program.WalkNamespace(thread, network.B);
        Wait.Until(() => Fold(EdgeRole.Server) is [var waiting] && waiting.Row.Counters.PayloadReceivedBytes == 50);
    }

    [KernelFact]
    public void A_listener_shows_its_queue_its_limit_and_what_it_dropped()
    {
        using var listener = network.NewSocket(network.B);
        listener.Bind(new IPEndPoint(TestNetwork.AddressOfB, 0));
        listener.Listen(1);
        var clients = Enumerable.Range(0, 4).Select(_ => network.NewSocket(network.A)).ToList();
        foreach (var client in clients)
        {
            client.Blocking = false;
            Assert.Throws<SocketException>(() => client.Connect(listener.LocalEndPoint!));
        }

        Wait.Until(() => WalkFiles() is { Drops: > 0, Queue: 2, QueueLimit: 1 } found && found.Key.ServerPort == ((IPEndPoint)listener.LocalEndPoint!).Port);
        clients.ForEach(client => client.Dispose());
    }

    [KernelFact]
    public async Task A_full_ring_has_woken_its_reader_and_loses_nothing()
    {
        const int Connections = 12_000;
        Begin();
        var woken = Task.Run(() => program.WaitForEnded(TimeSpan.FromHours(1)));
        using var listener = network.Listen(TestNetwork.AddressOfB);
        for (var i = 0; i < Connections; i++)
        {
            var (client, server) = network.Connect(listener);
            client.Send(new byte[10]);
            client.Dispose();
            server.ReadToEnd();
            server.Dispose();
            Assert.False(i == 1_000 && woken.IsCompleted, "a few records have woken the reader");
        }

        Assert.True(await woken.WaitAsync(TimeSpan.FromMinutes(1)));
        ulong sent = 0;
        ulong received = 0;
        ulong records = 0;
        ulong rows = 0;
        Wait.Until(() =>
        {
            program.DrainEnded((in TcpEnded ended) =>
            {
                if (IsOurs(ended.Key))
                {
                    (sent, received, records) = (sent + ended.PayloadSentBytes, received + ended.PayloadReceivedBytes, records + 1);
                }
            });
            program.DrainRows((ref readonly EdgeKey key, ref readonly TcpEdgeRow row) =>
            {
                if (IsOurs(key))
                {
                    (sent, received, rows) = (sent + row.Counters.PayloadSentBytes, received + row.Counters.PayloadReceivedBytes, rows + row.Closed);
                }
            });
            return records + rows >= 2 * Connections;
        });

        Assert.True(rows > 0, "the ring was not full");
        Assert.Equal((10ul * Connections, 10ul * Connections, 2ul * Connections), (sent, received, records + rows));
    }

    [KernelFact]
    public async Task A_wait_for_ended_connections_ends_when_it_is_told_to()
    {
        var waiting = Task.Run(() => program.WaitForEnded(TimeSpan.FromHours(1)));

        program.EndWait();

        Assert.False(await waiting.WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.False(program.WaitForEnded(TimeSpan.FromHours(1)));
    }

    [KernelFact]
    public async Task A_connection_that_ends_while_it_is_folded_is_counted_once()
    {
        const int Connections = 300;
        Begin();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var work = Task.Run(() =>
        {
            for (var i = 0; i < Connections; i++)
            {
                var (client, server) = network.Connect(listener);
                client.Transfer(server, 1_000);
                client.Transfer(server, 1_000);
                client.CloseBoth(server);
            }
        });
        var (sent, received, ended) = (0ul, 0ul, 0ul);
        Wait.Until(() =>
        {
            WalkFiles();
            foreach (var (_, row) in FoldAll())
            {
                (sent, received, ended) = (sent + row.Counters.PayloadSentBytes, received + row.Counters.PayloadReceivedBytes, ended + row.Closed);
            }

            foreach (var record in Ended(0))
            {
                (sent, received, ended) = (sent + record.PayloadSentBytes, received + record.PayloadReceivedBytes, ended + 1);
            }

            return ended == 2 * Connections;
        });
        await work;
        Assert.Equal((2_000ul * Connections, 2_000ul * Connections), (sent, received));
    }

    [KernelFact]
    public void At_twice_the_capacity_every_byte_is_in_some_row()
    {
        const int Rows = 64;
        program.Dispose();
        program = TcpProgram.Load(Rows);
        Begin();
        var listeners = Enumerable.Range(0, 2 * Rows).Select(_ => network.Listen(TestNetwork.AddressOfB)).ToList();
        var pairs = listeners.ConvertAll(listener => network.Connect(listener));
        foreach (var (client, server) in pairs)
        {
            client.Transfer(server, 1_000);
        }

        var (sent, own, others) = (0ul, 0, 0);
        foreach (var (key, row) in Fold(EdgeRole.Client))
        {
            sent += row.Counters.PayloadSentBytes;
            own += key.IsOverflow ? 0 : 1;
            others += key.IsOverflow ? (int)row.Open : 0;
        }

        Assert.Equal(2_000ul * Rows, sent);
        Assert.InRange(own, 1, Rows);
        Assert.Equal(2 * Rows, own + others);
        Assert.True(program.Faults().Overflowed > 0);
        pairs.ForEach(pair => pair.Client.CloseBoth(pair.Server));
        listeners.ForEach(listener => listener.Dispose());
    }

    [KernelFact]
    public void A_connection_that_nobody_answered_is_no_connection_but_a_failure_with_its_reason()
    {
        Begin();
        using var client = network.NewSocket(network.A);
        Assert.Throws<SocketException>(() => client.Connect(new IPEndPoint(TestNetwork.AddressOfB, 1)));
        client.Dispose();

        var (key, row) = Assert.Single(Fold(EdgeRole.Client));
        Assert.Equal((1, "10.99.0.2"), (key.ServerPort, key.Peer.ToString()));
        Assert.Equal((1u, 0u, 0u, 0u), (row.Failures[0], row.Failures[1], row.Failures[2], row.Failures[3]));
        Assert.Equal((1u, 0u), (row.ResetsReceived, row.ResetsSent));
        Assert.Equal(0u, row.Closed);
        Assert.Empty(Ended(0));
    }

    [Fact]
    public void Both_languages_have_the_same_bounds_of_histograms()
    {
        var bounds = Regex.Matches(File.ReadAllText(Header()), @"\(us > (?<bound>\d+)\)", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        Assert.Equal(RttHistogram.UpperBoundMicroseconds.ToArray(), bounds.Select(bound => int.Parse(bound.Groups["bound"].Value, CultureInfo.InvariantCulture)));
        Assert.Equal(RttHistogram.Buckets, bounds.Count + 1);
    }

    [KernelFact]
    public void A_walk_ends_with_the_clocks_which_tell_the_length_of_a_jiffy()
    {
        var jiffies = new JiffyClock();
        Wait.Until(() =>
        {
            jiffies.Observe(program.WalkFiles(static (in TcpListener _) => { }, static (in TcpFlow _) => { }));
            return jiffies.JiffiesPerSecond is not null;
        });
        Assert.Contains(jiffies.JiffiesPerSecond!.Value, new double[] { 100, 250, 300, 1000 });
    }

    [KernelFact]
    public void A_namespace_that_is_gone_says_so()
    {
        var gone = new NetworkNamespace("/run/netns/nptest-nobody", 1, "nobody");
        Assert.True(Assert.Throws<NetworkNamespaceException>(() => program.WalkNamespace(thread, gone)).IsGone);
    }

    public void Dispose()
    {
        program.Dispose();
        thread.Dispose();
        network.Dispose();
    }

    private static string Header([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../src/Collector/Kernel/tcp_socket.h"));

    /// <summary>From here on, every connection counts in full.</summary>
    private void Begin()
    {
        var clock = program.WalkFiles(static (in TcpListener _) => { }, static (in TcpFlow _) => { });
        program.Control(new TcpControl(clock.Jiffies, 0, 0));
    }

    private TcpListener? WalkFiles()
    {
        TcpListener? found = null;
        program.WalkFiles((in TcpListener listener) => found = listener.Key.NamespaceInode == network.B.Inode ? listener : found, static (in TcpFlow _) => { });
        return found;
    }

    private ((EdgeKey Key, TcpEdgeRow Row) Client, (EdgeKey Key, TcpEdgeRow Row) Server) FoldBoth()
    {
        WalkFiles();
        var rows = FoldAll();
        return (Assert.Single(rows, each => each.Key.Role == EdgeRole.Client), Assert.Single(rows, each => each.Key.Role == EdgeRole.Server));
    }

    private List<(EdgeKey Key, TcpEdgeRow Row)> Fold(EdgeRole role)
    {
        if (role == EdgeRole.Client)
        {
            WalkFiles();
        }

        return FoldAll().FindAll(each => each.Key.Role == role);
    }

    /// <summary>The rows of our own namespaces.</summary>
    private List<(EdgeKey Key, TcpEdgeRow Row)> FoldAll()
    {
        var rows = new List<(EdgeKey, TcpEdgeRow)>();
        program.Fold();
        program.DrainRows((ref readonly EdgeKey key, ref readonly TcpEdgeRow row) =>
        {
            if (IsOurs(key))
            {
                rows.Add((key, row));
            }
        });
        return rows;
    }

    /// <summary>Those of our own namespaces, once there are so many.</summary>
    private List<TcpEnded> Ended(int expected)
    {
        var records = new List<TcpEnded>();
        Wait.Until(() =>
        {
            program.DrainEnded((in TcpEnded ended) =>
            {
                if (IsOurs(ended.Key))
                {
                    records.Add(ended);
                }
            });
            return records.Count >= expected;
        });
        return records;
    }

    private static TcpEnded AtClient(List<TcpEnded> ended) => Assert.Single(ended, each => each.Key.Role == EdgeRole.Client);

    private bool IsOurs(in EdgeKey key) => key.NamespaceInode == network.A.Inode || key.NamespaceInode == network.B.Inode;
}
