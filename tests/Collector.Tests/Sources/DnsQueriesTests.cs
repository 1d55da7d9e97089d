using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Kernel;
using NetPulse.Collector.Sources;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources;

/// <summary>Real queries to a resolver of our own, in namespaces of our own.</summary>
public sealed class DnsQueriesTests : IDisposable
{
    private readonly TestNetwork network = new();
    private readonly TestPods pods = new();
    private readonly NetworkNamespaceThread thread = new();
    private readonly Meter meter = new("NetPulse.Collector.Tests");
    private readonly DnsAskers askers = new();
    private readonly NodeObserver node;
    private DnsQueries queries;

    public DnsQueriesTests()
    {
        node = new NodeObserver(thread, pods.Directory, TimeProvider.System);
        queries = NewSource(DnsScope.Node);
    }

    private string A => network.A.Name;

    [KernelTheory]
    [InlineData("10.99.0.2", false, 0, "NOERROR")]
    [InlineData("10.99.0.2", true, 0, "NOERROR")]
    [InlineData("10.99.0.2", false, 3, "NXDOMAIN")]
    [InlineData("10.99.0.2", true, 2, "SERVFAIL")]
    [InlineData("fd99::2", false, 5, "REFUSED")]
    [InlineData("fd99::2", true, 0, "NOERROR")]
    public void An_answer_counts_with_its_code_and_time_for_who_asked(string resolver, bool isTcp, byte code, string expected)
    {
        Read();
        using var server = Serve(resolver, query => [DnsServer.Answer(query, code)]);
        Ask(resolver, isTcp, DnsServer.Query(1), DnsServer.Query(2, questions: 2), DnsServer.Query(3, hasEdns: true));

        var reading = Until(DnsMetrics.Responses, 3);
        (string, string)[] who = [(LabelNames.Workload, A), (LabelNames.PeerWorkload, "b"), (LabelNames.Protocol, isTcp ? "tcp" : "udp")];
        Assert.Equal(3, reading.Sum(DnsMetrics.Queries, who));
        Assert.Equal(3, reading.Sum(DnsMetrics.Responses, [.. who, (LabelNames.ResponseCode, expected)]));
        Assert.Equal(3, reading.Sum(DnsMetrics.LookupDuration, [.. who, ("__name__", "netpulse_dns_lookup_duration_seconds_count")]));
        Assert.InRange(reading.Sum(DnsMetrics.LookupDuration, [.. who, ("__name__", "netpulse_dns_lookup_duration_seconds_sum")]), 1e-6, 20);
        Assert.Equal(0, reading.Sum(DnsMetrics.Retries) + reading.Sum(DnsMetrics.Malformed, who) + reading.Sum(DnsMetrics.Unmatched, who));
    }

    [KernelFact]
    public void A_slow_resolver_shows_in_the_histogram()
    {
        Read();
        using var never = new ManualResetEventSlim();
        using var server = Serve("10.99.0.2", query =>
        {
            never.Wait(TimeSpan.FromMilliseconds(300));
            return [DnsServer.Answer(query)];
        });
        Ask("10.99.0.2", false, DnsServer.Query(1));

        var reading = Until(DnsMetrics.Responses, 1);
        Assert.Equal(0, reading.Sum(DnsMetrics.LookupDuration, (LabelNames.Workload, A), ("le", "0.25")));
        Assert.Equal(1, reading.Sum(DnsMetrics.LookupDuration, (LabelNames.Workload, A), ("le", "+Inf")));
        Assert.InRange(reading.Sum(DnsMetrics.LookupDuration, (LabelNames.Workload, A), ("__name__", "netpulse_dns_lookup_duration_seconds_sum")), 0.29, 20);
    }

    [KernelTheory]
    [InlineData(false)]
    [InlineData(true)]
    public void Silence_is_a_timeout_once_and_asking_again_is_a_retry(bool isTcp)
    {
        Read();
        using var server = Serve("10.99.0.2", _ => []);
        using var client = Connect("10.99.0.2", isTcp);
        var query = DnsServer.Query(7);
        client.Send(isTcp ? DnsServer.Framed(query) : query);
        client.Send(isTcp ? DnsServer.Framed(query) : query);

        var reading = Until(DnsMetrics.Timeouts, 1);
        Assert.Equal((2, 1), (reading.Sum(DnsMetrics.Queries, (LabelNames.Workload, A)), reading.Sum(DnsMetrics.Retries, (LabelNames.Workload, A))));
        Assert.Equal((1, 0), (Read().Sum(DnsMetrics.Timeouts, (LabelNames.Workload, A)), Read().Sum(DnsMetrics.Responses, (LabelNames.Workload, A))));
    }

    [KernelFact]
    public void Truncated_doubled_and_malformed_answers_are_told_apart()
    {
        Read();
        using var server = Serve("10.99.0.2", query => [DnsServer.Answer(query, isTruncated: true), DnsServer.Answer(query), [1, 2, 3], query]);
        using var client = Connect("10.99.0.2", isTcp: false);
        client.Send(DnsServer.Query(9));

        var reading = SourceReading.Until(node, queries, r => r.Sum(DnsMetrics.Malformed, (LabelNames.Workload, A)) >= 2);
        Assert.Equal(1, reading.Sum(DnsMetrics.Truncated, (LabelNames.Workload, A)));
        Assert.Equal(1, reading.Sum(DnsMetrics.Responses, (LabelNames.Workload, A)));
        Assert.Equal(1, reading.Sum(DnsMetrics.Unmatched, (LabelNames.Workload, A)));
        Assert.Equal(2, reading.Sum(DnsMetrics.Malformed, (LabelNames.Workload, A)));
    }

    [KernelFact]
    public void A_stream_may_hold_several_queries_in_a_segment_and_a_query_in_several_segments()
    {
        Read();
        using var server = Serve("10.99.0.2", query => [DnsServer.Answer(query)]);
        using var client = Connect("10.99.0.2", isTcp: true);
        client.NoDelay = true;
        client.Send([.. DnsServer.Framed(DnsServer.Query(1)), .. DnsServer.Framed(DnsServer.Query(2))]);
        ReceiveAnswers(client, 2);
        var third = DnsServer.Framed(DnsServer.Query(3));
        client.Send(third.AsSpan(0, 2));
        client.Send(third.AsSpan(2));
        ReceiveAnswers(client, 1);

        var reading = Until(DnsMetrics.Responses, 3);
        Assert.Equal((3, 0), (reading.Sum(DnsMetrics.Queries, (LabelNames.Workload, A)), reading.Sum(DnsMetrics.Malformed, (LabelNames.Workload, A))));
    }

    [KernelFact]
    public void Other_ports_are_nothing_to_us()
    {
        Read();
        using var client = thread.Run(network.A, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp));
        client.SendTo(DnsServer.Query(1), new IPEndPoint(TestNetwork.AddressOfB, 5353));
        Assert.Equal(0, Read().Sum(DnsMetrics.Queries, (LabelNames.Workload, A)));
    }

    [KernelTheory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Who_asks_is_looked_at_from_then_on(bool isConnected, bool hasUdp)
    {
        using var udp = hasUdp ? UdpProgram.Load(1_000, askers) : null;
        queries.Dispose();
        queries = NewSource(DnsScope.Askers);
        Read();
        using var server = Serve("10.99.0.2", query => [DnsServer.Answer(query)]);
        ushort id = 0;
        Wait.Until(() =>
        {
            if (isConnected)
            {
                Ask("10.99.0.2", false, DnsServer.Query(++id));
            }
            else
            {
                using var client = thread.Run(network.A, () => new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = 20_000 });
                client.SendTo(DnsServer.Query(++id), new IPEndPoint(TestNetwork.AddressOfB, 53));
                ReceiveAnswers(client, 1);
            }

            return Read().Sum(DnsMetrics.Responses, (LabelNames.Workload, A)) > 0;
        });

        var before = Read().Sum(DnsMetrics.Responses, (LabelNames.Workload, A));
        Ask("10.99.0.2", true, DnsServer.Query(60_000), DnsServer.Query(60_001));
        Assert.Equal(before + 2, Until(DnsMetrics.Responses, before + 2).Sum(DnsMetrics.Responses, (LabelNames.Workload, A)));
    }

    [KernelTheory]
    [InlineData(DnsScope.Node)]
    [InlineData(DnsScope.Askers)]
    public void A_collector_in_a_container_with_a_cgroup_namespace_of_its_own_sees_the_nodes_queries(DnsScope scope)
    {
        using var container = new TestCgroupNamespace();
        queries.Dispose();
        queries = NewSource(scope);
        container.Run(() => Read());
        using var server = Serve("10.99.0.2", query => [DnsServer.Answer(query)]);
        ushort id = 0;
        Wait.Until(() =>
        {
            Ask("10.99.0.2", false, DnsServer.Query(++id));
            return Read().Sum(DnsMetrics.Responses, (LabelNames.Workload, A)) > 0;
        });
    }

    [KernelFact]
    public void Who_was_idle_for_long_is_forgotten_and_counted_on_rightly_afterwards()
    {
        Read();
        using var server = Serve("10.99.0.2", query => [DnsServer.Answer(query)]);
        Ask("10.99.0.2", false, DnsServer.Query(1), DnsServer.Query(2));
        Until(DnsMetrics.Responses, 2);

        var later = TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(20);
        Assert.Empty(SourceReading.At(later, node, queries).Find(DnsMetrics.Queries, (LabelNames.Workload, A)));
        Ask("10.99.0.2", false, DnsServer.Query(3));
        Wait.Until(() => SourceReading.At(later, node, queries).Sum(DnsMetrics.Responses, (LabelNames.Workload, A)) > 0);
        Assert.Equal(1, SourceReading.At(later, node, queries).Sum(DnsMetrics.Queries, (LabelNames.Workload, A)));
    }

    public void Dispose()
    {
        queries.Dispose();
        askers.Dispose();
        meter.Dispose();
        thread.Dispose();
        network.Dispose();
        pods.Dispose();
    }

    private DnsQueries NewSource(DnsScope scope) =>
        new(node, new NodeName("n"), 1_000, askers, Options.Create(new DnsOptions { Scope = scope, Timeout = TimeSpan.FromSeconds(1) }), TimeProvider.System, meter);

    private SourceReading Read() => SourceReading.Of(node, queries);

    private SourceReading Until(MetricDefinition metric, double atLeast) =>
        SourceReading.Until(node, queries, reading => reading.Sum(metric, (LabelNames.Workload, A)) >= atLeast);

    private DnsServer Serve(string address, Func<byte[], IEnumerable<byte[]>> answers)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(address), 53);
        var datagrams = thread.Run(network.B, () => new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        datagrams.Bind(endPoint);
        var listener = thread.Run(network.B, () => new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp));
        listener.Bind(endPoint);
        return new DnsServer(datagrams, listener, answers);
    }

    private Socket Connect(string resolver, bool isTcp)
    {
        var endPoint = new IPEndPoint(IPAddress.Parse(resolver), 53);
        var client = thread.Run(network.A, () => isTcp
            ? new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp));
        client.ReceiveTimeout = 20_000;
        client.Connect(endPoint);
        return client;
    }

    /// <summary>One after the other, each with its answer.</summary>
    private void Ask(string resolver, bool isTcp, params byte[][] messages)
    {
        using var client = Connect(resolver, isTcp);
        foreach (var message in messages)
        {
            client.Send(isTcp ? DnsServer.Framed(message) : message);
            ReceiveAnswers(client, 1);
        }
    }

    private static void ReceiveAnswers(Socket client, int count)
    {
        var buffer = new byte[4_096];
        if (client.SocketType == SocketType.Dgram)
        {
            for (var i = 0; i < count; i++)
            {
                client.Receive(buffer);
            }

            return;
        }

        using var stream = new NetworkStream(client, ownsSocket: false);
        for (var i = 0; i < count; i++)
        {
            stream.ReadExactly(buffer.AsSpan(0, 2));
            stream.ReadExactly(buffer.AsSpan(0, (buffer[0] << 8) | buffer[1]));
        }
    }
}
