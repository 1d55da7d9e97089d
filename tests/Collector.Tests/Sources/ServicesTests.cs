using System.Diagnostics;
using System.Net;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Linux.Netlink;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Workloads;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

public sealed class ServicesTests
{
    private static readonly WorkloadIdentity Web = new("shop", "web", "") { Kind = "Service" };
    private static readonly WorkloadIdentity Backend = new("shop", "web", "web-0");

    [KernelFact]
    public void A_connection_to_a_service_is_known_before_and_after_its_translation()
    {
        using var network = new TestNetwork();
        using var thread = new NetworkNamespaceThread();
        using var listener = network.Listen(TestNetwork.AddressOfB);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        Run("ip", $"-n {network.A.Name} route add default via 10.99.0.2");
        Run("ip", $"netns exec {network.A.Name} nft -- add table ip nat {{ chain output {{ type nat hook output priority -100; }}; }}");
        Run("ip", $"netns exec {network.A.Name} nft -- add rule ip nat output ip daddr 10.96.0.10 tcp dport 80 dnat to 10.99.0.2:{port}");
        using var client = network.NewSocket(network.A);
        client.Connect(IPAddress.Parse("10.96.0.10"), 80);

        var found = new List<TrackedConnection>();
        thread.Run(network.A, () =>
        {
            using var socket = new NetlinkSocket(NetlinkSocket.Netfilter);
            ConntrackMessages.Translated(socket, found.Add);
            Assert.Equal(0UL, ConntrackMessages.Statistics(socket)[ConntrackMessages.InsertFailed]);
        });
        var connection = Assert.Single(found);
        Assert.Equal((80, port, 6), (connection.Original.DestinationPort, connection.Reply.SourcePort, connection.Original.Protocol));

        var peers = new PeerAddresses([new(Mapped("10.96.0.10"), Web), new(Mapped("10.99.0.2"), Backend)]);
        var pair = Assert.Single(Services.Count(found, peers, 10)).Key;
        Assert.Equal((Web, Backend, (ushort)80), (pair.Service, pair.Server, pair.Port));
    }

    [Fact]
    public void The_smallest_pairs_beyond_the_limit_are_folded_and_none_is_lost()
    {
        var connections = Enumerable.Range(0, 50).SelectMany(i => Enumerable.Repeat(Connection($"10.244.0.{i + 1}"), i + 1)).ToList();
        var peers = new PeerAddresses([new(Mapped("10.96.0.10"), Web), .. Enumerable.Range(1, 50).Select(i => KeyValuePair.Create(Mapped($"10.244.0.{i}"), new WorkloadIdentity("shop", $"w{i}", $"w{i}-0")))]);
        var counted = Services.Count(connections, peers, 10);
        Assert.Equal(11, counted.Count);
        Assert.Equal(connections.Count, counted.Sum(pair => pair.Value));
        Assert.Equal(("other", Web), (counted[^1].Key.Client.Workload, counted[^1].Key.Service));
    }

    [Fact]
    public void Whatever_a_message_holds_it_is_read_or_refused()
    {
        var random = new Random(20260101);
        var readers = new Action<byte[]>[]
        {
            body => ConntrackMessages.Connection(body),
            body => ConntrackMessages.Add(body, new ulong[32]),
            body => RouteMessages.Link(body),
            body => RouteMessages.QueueingDiscipline(body),
            body => RouteMessages.Route(body),
            body => RouteMessages.Address(body),
        };
        for (var i = 0; i < 6_000; i++)
        {
            var body = new byte[random.Next(120)];
            random.NextBytes(body);
            for (var at = 0; at + 4 < body.Length; at += random.Next(4, 40))
            {
                // Lengths and types that make sense, so that the reader gets far.
                body[at] = (byte)random.Next(4, 40);
                body[at + 1] = 0;
                body[at + 2] = (byte)random.Next(30);
                body[at + 3] = (byte)(random.Next(4) == 0 ? 0x80 : 0);
            }

            foreach (var read in readers)
            {
                Assert.True(Record.Exception(() => read(body)) is null or InvalidDataException, Convert.ToHexString(body));
            }
        }
    }

    private static TrackedConnection Connection(string client) => new(
        new ConnectionTuple(IPAddress.Parse(client), IPAddress.Parse("10.96.0.10"), 1000, 80, 6),
        new ConnectionTuple(IPAddress.Parse("10.99.0.2"), IPAddress.Parse(client), 8080, 1000, 6),
        TrackedConnection.DestinationTranslated);

    private static MappedAddress Mapped(string address) => MappedAddress.From(IPAddress.Parse(address));

    private static void Run(string command, string arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command} {arguments}: {error}");
    }
}
