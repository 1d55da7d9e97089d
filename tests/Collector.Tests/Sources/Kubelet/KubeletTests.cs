using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;
using NetPulse.Collector.Attribution;
using NetPulse.Collector.Sources;
using NetPulse.Collector.Sources.Kubelet;
using NetPulse.Linux.NetworkNamespaces;
using NetPulse.Telemetry.Exposition;
using NetPulse.Telemetry.Samples;
using NetPulse.Tests;

namespace NetPulse.Collector.Tests.Sources.Kubelet;

/// <summary>Recorded answers of a real kubelet, and what a kubelet in trouble answers.</summary>
public sealed class KubeletTests : IDisposable
{
    private static readonly DateTimeOffset BeforeTheRestart = new(2026, 11, 22, 9, 55, 50, TimeSpan.Zero);
    private static readonly NodeName Node = new("n");

    private readonly NetworkNamespaceThread thread = new();
    private readonly TestClock clock = new(BeforeTheRestart);
    private readonly LogLines log = new();
    private readonly NodeObserver observer;

    public KubeletTests() => observer = new NodeObserver(thread, null, clock);

    [Fact]
    public async Task A_summary_gives_each_pods_bytes_at_the_kubelets_time_and_leaves_the_nodes_own_pods_out()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var source = Summary(client, out var endpoint);
        kubelet.AnswerWith(KubeletSummary.Path, Fixture("stats-summary.json"));
        await endpoint.PollAsync(default);
        var samples = Read(source);
        var sample = Assert.Single(samples.Of(KubeletMetrics.PodIoBytes, (LabelNames.Pod, "web-7745ddd44c-lbn6h"), (LabelNames.Direction, LabelNames.Transmit)));
        Assert.Equal(892, sample.Value);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 10, 1, 58, TimeSpan.Zero).ToUnixTimeMilliseconds(), sample.UnixMilliseconds);
        Assert.Equal("web", sample.Labels[LabelNames.Workload]);
        Assert.Empty(samples.Of(KubeletMetrics.PodIoBytes, (LabelNames.Pod, "hostnet")));
        Assert.Equal(1, samples.ValueOf(KubeletMetrics.HostNetworkPods));
        Assert.Equal(2, samples.Of(KubeletMetrics.NodeIoBytes, (LabelNames.Direction, LabelNames.Receive)).Count);
    }

    [Fact]
    public async Task A_sandbox_that_is_made_anew_under_the_same_UID_counts_on_and_nothing_twice()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var source = Summary(client, out var endpoint);
        var totals = new List<double>();
        var gaps = 0;
        foreach (var line in File.ReadLines(Path.Combine(AppContext.BaseDirectory, "Fixtures", "kubelet", "sandbox-restart.ndjson")))
        {
            kubelet.AnswerWith(KubeletSummary.Path, Encoding.UTF8.GetBytes(line));
            await endpoint.PollAsync(default);
            var samples = Read(source);
            gaps += samples.ValueOf(KubeletMetrics.PodsWithoutNetwork) > 0 ? 1 : 0;
            totals.AddRange(samples.Of(KubeletMetrics.PodIoBytes, (LabelNames.Pod, "web-7745ddd44c-tb545"), (LabelNames.Direction, LabelNames.Transmit)).Select(each => each.Value));
            Assert.Empty(samples.Of(KubeletMetrics.PodIoBytes, (LabelNames.Pod, "hostnet")));
            clock.Advance(TimeSpan.FromSeconds(3));
        }

        Assert.Equal(totals.Order(), totals);
        Assert.Equal(10_016_222 - 752 + 10_014_890, totals[^1]);
        Assert.True(gaps > 0);
    }

    [Fact]
    public void A_total_goes_on_over_another_run_even_where_its_value_looks_alike()
    {
        var total = new RunningTotal();
        total.Observe("a", 100, isYoung: false);
        Assert.Equal(0, total.Total);
        total.Observe("a", 150, isYoung: false);
        total.Observe("b", 160, isYoung: true);
        Assert.Equal(210, total.Total);
        total.Observe("b", 40, isYoung: true);
        Assert.Equal(250, total.Total);
        var young = new RunningTotal();
        young.Observe("c", 7, isYoung: true);
        Assert.Equal(7, young.Total);
    }

    [Fact]
    public async Task Packets_and_drops_come_from_cAdvisor_and_processor_time_from_resource()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var network = new KubeletEndpoint(client, KubeletNetwork.Path);
        var resource = new KubeletEndpoint(client, KubeletResource.Path);
        kubelet.AnswerWith(KubeletNetwork.Path, Fixture("metrics-cadvisor.txt"));
        kubelet.AnswerWith(KubeletResource.Path, Fixture("metrics-resource.txt"));
        await network.PollAsync(default);
        await resource.PollAsync(default);

        var packets = Read(new KubeletNetwork(network, observer, Node, clock));
        Assert.Equal(1795341728470, Assert.Single(packets.Of(KubeletMetrics.NodePackets, (LabelNames.Interface, "eth0"), (LabelNames.Direction, LabelNames.Receive))).UnixMilliseconds);
        Assert.Equal(2, packets.Of(KubeletMetrics.PodPackets, (LabelNames.Pod, "web-7745ddd44c-lbn6h")).Count);
        Assert.Equal(2, packets.Of(KubeletMetrics.PodDropped).Count);

        var resources = Read(new KubeletResource(resource, observer, Node, clock, log.For<KubeletResource>()));
        Assert.Equal(761856, resources.ValueOf(KubeletMetrics.PodMemory, (LabelNames.Pod, "web-7745ddd44c-lbn6h")));
        Assert.Equal(2, resources.Of(KubeletMetrics.PodProcessorSeconds).Count);
        Assert.Empty(log.Lines);
    }

    [Fact]
    public async Task A_kubelet_that_sees_no_pods_network_still_gives_the_nodes()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var source = Summary(client, out var endpoint);
        kubelet.AnswerWith(KubeletSummary.Path, Fixture("stats-summary-no-pod-network.json"));
        await endpoint.PollAsync(default);
        var samples = Read(source);
        Assert.Empty(samples.Of(KubeletMetrics.PodIoBytes));
        Assert.True(samples.ValueOf(KubeletMetrics.PodsWithoutNetwork) > 0);
        Assert.NotEmpty(samples.Of(KubeletMetrics.NodeIoBytes));
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "kubelet.tokenFile")]
    [InlineData(HttpStatusCode.Forbidden, "nodes/stats")]
    [InlineData(HttpStatusCode.InternalServerError, "500")]
    [InlineData(HttpStatusCode.NotFound, "404")]
    public async Task A_refusal_is_a_failure_that_says_what_to_do_and_the_next_answer_counts_again(HttpStatusCode status, string remedy)
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var source = Summary(client, out var endpoint);
        kubelet.AnswerWith(KubeletSummary.Path, status);
        await endpoint.PollAsync(default);
        Assert.Contains(remedy, Assert.Throws<KubeletException>(() => Read(source)).Message, StringComparison.Ordinal);
        kubelet.AnswerWith(KubeletSummary.Path, Fixture("stats-summary.json"));
        await endpoint.PollAsync(default);
        Assert.NotEmpty(Read(source).Of(KubeletMetrics.PodIoBytes));
    }

    [Fact]
    public async Task Half_an_answer_is_a_failure_and_counts_nothing()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var source = Summary(client, out var endpoint);
        kubelet.AnswerWith(KubeletSummary.Path, Fixture("stats-summary.json")[..4000]);
        await endpoint.PollAsync(default);
        Assert.Throws<InvalidDataException>(() => Read(source));

        kubelet.Answers[KubeletSummary.Path] = async context =>
        {
            context.Response.ContentLength = 10_000;
            await context.Response.WriteAsync("{\"node\":");
            await context.Response.Body.FlushAsync();
            context.Abort();
        };
        await endpoint.PollAsync(default);
        Assert.Throws<KubeletException>(() => Read(source));
    }

    [Fact]
    public async Task A_kubelet_that_hangs_is_given_up_and_said_so()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet, timeout: TimeSpan.FromSeconds(1));
        var source = Summary(client, out var endpoint);
        kubelet.Answers[KubeletSummary.Path] = context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        await endpoint.PollAsync(default);
        Assert.Contains("kubelet.timeout", Assert.Throws<KubeletException>(() => Read(source)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_is_read_until_the_kubelet_was_asked_first()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        Assert.Empty(Read(Summary(client, out _)).Families());
    }

    [Fact]
    public async Task The_token_is_read_anew_at_each_request()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        Summary(client, out var endpoint);
        await endpoint.PollAsync(default);
        Assert.Equal("Bearer first", kubelet.Authorization);
        await File.WriteAllTextAsync(kubelet.TokenFile, "second\n");
        await endpoint.PollAsync(default);
        Assert.Equal("Bearer second", kubelet.Authorization);
        await File.WriteAllTextAsync(kubelet.TokenFile, "two\nlines\n");
        await endpoint.PollAsync(default);
        Assert.Contains("kubelet.tokenFile must hold a token on one line", Assert.Throws<KubeletException>(() => endpoint.Body).Message, StringComparison.Ordinal);
        File.Delete(kubelet.TokenFile);
        await endpoint.PollAsync(default);
        Assert.Contains("kubelet.tokenFile", Assert.Throws<KubeletException>(() => endpoint.Body).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://10.0.0.5:10250", "https://10.0.0.5:10250/")]
    [InlineData("https://node-1:10250", "https://node-1:10250/")]
    [InlineData("https://[fd00::5]:10250", "https://[fd00::5]:10250/")]
    [InlineData("https://fd00::5:10250", "https://[fd00::5]:10250/")]
    [InlineData("https://2001:db8:0:1:2:3:4:5:10250", "https://[2001:db8:0:1:2:3:4:5]:10250/")]
    [InlineData("https://fd00::5", null)]
    [InlineData("https://", null)]
    [InlineData("http://10.0.0.5:10250", null)]
    [InlineData("10.0.0.5:10250", null)]
    public void An_address_of_either_family_is_the_kubelets(string url, string? expected) => Assert.Equal(expected, KubeletOptions.Address(url)?.AbsoluteUri);

    [Fact]
    public async Task A_certificate_of_another_authority_or_another_name_is_refused()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        await using var other = await TestKubelet.StartAsync("node-7");
        foreach (var (asked, ca, server, remedy) in new[]
        {
            (kubelet, other.CaFile, null, "kubelet.caFile is the node's kubelet.crt"), (kubelet, null, null, "certificate"), (kubelet, "/nowhere", null, "kubelet.caFile cannot be used"),
            (other, other.CaFile, null, "set kubelet.serverName"), (other, other.CaFile, "node-8", "is not for node-8"),
        })
        {
            using var client = new KubeletClient(new KubeletOptions { Url = asked.Url, CaFile = ca, ServerName = server });
            var refused = await Assert.ThrowsAsync<KubeletException>(() => client.GetAsync(KubeletSummary.Path, default));
            Assert.Contains(remedy, refused.Message, StringComparison.Ordinal);
            Assert.Equal("", asked.Authorization);
        }

        other.AnswerWith(KubeletSummary.Path, "{}"u8.ToArray());
        using var named = new KubeletClient(new KubeletOptions { Url = other.Url, CaFile = other.CaFile, ServerName = "node-7" });
        Assert.Equal("{}"u8.ToArray(), await named.GetAsync(KubeletSummary.Path, default));
    }

    [Fact]
    public async Task A_kubelet_without_the_resource_endpoint_is_named_once()
    {
        await using var kubelet = await TestKubelet.StartAsync();
        using var client = Client(kubelet);
        var endpoint = new KubeletEndpoint(client, KubeletResource.Path);
        var source = new KubeletResource(endpoint, observer, Node, clock, log.For<KubeletResource>());
        await endpoint.PollAsync(default);
        Read(source);
        Read(source);
        Assert.Single(log.Lines);
    }

    [Fact]
    public void Whatever_an_answer_holds_it_is_read_or_refused()
    {
        var random = new Random(20260101);
        var seeds = new[] { Fixture("stats-summary.json"), Fixture("metrics-cadvisor.txt")[..8000], Fixture("metrics-resource.txt") };
        for (var i = 0; i < 3_000; i++)
        {
            var damaged = seeds[i % 3].ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
            {
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            }

            damaged = damaged[..random.Next(damaged.Length)];
            Assert.True(Record.Exception(() => SummaryFile.Read(damaged)) is null or InvalidDataException);
            Assert.True(Record.Exception(() => PrometheusText.Read(damaged, static _ => true).Count()) is null or FormatException);
        }
    }

    public void Dispose() => thread.Dispose();

    private static KubeletClient Client(TestKubelet kubelet, TimeSpan? timeout = null) =>
        new(new KubeletOptions { Url = kubelet.Url, CaFile = kubelet.CaFile, TokenFile = kubelet.TokenFile, Timeout = timeout ?? TimeSpan.FromSeconds(20) });

    private KubeletSummary Summary(KubeletClient client, out KubeletEndpoint endpoint)
    {
        endpoint = new KubeletEndpoint(client, KubeletSummary.Path);
        return new KubeletSummary(endpoint, observer, Node, clock);
    }

    private SampleWriter Read(ISource source)
    {
        var samples = new SampleWriter(clock.GetUtcNow());
        source.Read(samples);
        return samples;
    }

    private static byte[] Fixture(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "Fixtures", "kubelet", name));
}
