using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.Optimizer.Detection;
using NetPulse.Optimizer.Detection.Forecasts;
using NetPulse.Optimizer.Diagnosis;
using NetPulse.Optimizer.Proposals;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Optimizer.Tests.Proposals;

public sealed class OutlookTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("netpulse-outlook-").FullName;
    private readonly TestClock clock = new(Examples.Now);
    private readonly EmbeddedStore store;

    public OutlookTests() => store = new EmbeddedStore(new EmbeddedStoreOptions { Directory = folder }, clock, NullLogger<EmbeddedStore>.Instance);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_table_that_will_be_full_is_made_larger_ahead_of_time_and_judged_by_its_limit()
    {
        await ReportAsync("net.netfilter.nf_conntrack_max", 100_000);
        await ReportAsync("net.netfilter.nf_conntrack_buckets", 65_536);
        var proposal = Assert.Single(await AheadAsync(CapacityForecast.ConntrackTable));
        Assert.Equal([new SysctlWrite("net.netfilter.nf_conntrack_max", "100000", "400000"), new SysctlWrite("net.netfilter.nf_conntrack_buckets", "65536", "100000")], proposal.Writes.AsEnumerable());
        Assert.Equal($"node {Examples.Node}", proposal.Target);
        Assert.Equal(Better.Higher, proposal.Objective.Better);
        Assert.Contains("ahead of time", proposal.Finding.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_neighbour_table_as_well()
    {
        await ReportAsync("net.ipv4.neigh.default.gc_thresh1", 128);
        await ReportAsync("net.ipv4.neigh.default.gc_thresh2", 512);
        await ReportAsync("net.ipv4.neigh.default.gc_thresh3", 1024);
        Assert.Equal(["4096", "2048", "512"], Assert.Single(await AheadAsync(CapacityForecast.NeighbourTable)).Writes.Select(write => write.After));
    }

    [Fact]
    public async Task Where_the_limit_was_not_measured_nothing_is_proposed() => Assert.Empty(await AheadAsync(CapacityForecast.ConntrackTable));

    private async Task ReportAsync(string sysctl, double value) => await store.AppendAsync(
        [
            new Sample(
                LabelSet.Of(NamespaceMetrics.Sysctl.Name, (LabelNames.Node, Examples.Node), (LabelNames.Workload, "host"), (LabelNames.Sysctl, sysctl)),
                Examples.Now.AddSeconds(-5).ToUnixTimeMilliseconds(), value),
        ],
        CancellationToken.None);

    private async Task<IReadOnlyList<SysctlProposal>> AheadAsync(string resource)
    {
        var hour = TimeSpan.FromHours(1);
        var forecast = new CapacityForecast(resource, $"node {Examples.Node}", 50_000, 100_000, hour, hour, hour) { Whose = new Subject.OfNode(Examples.Node) };
        return await new Outlook(new CauseSearch(store, CauseRules.All)).AheadAsync([forecast], [], Examples.Cluster(), CancellationToken.None);
    }
}
