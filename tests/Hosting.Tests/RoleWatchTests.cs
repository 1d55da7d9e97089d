using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Hosting.Tests;

public sealed class RoleWatchTests : IAsyncLifetime, IAsyncDisposable
{
    private static readonly NeededRule[] Needed = [.. NeededRule.Of("", ["pods"], "list", "watch"), new("patch", "netpulse.io", "nodetunings/status"), new("update", "coordination.k8s.io", "leases", "ours")];

    private TestApiServer server = null!;
    private KubernetesClient client = null!;
    private RoleWatch watch = null!;

    public async Task InitializeAsync()
    {
        server = await TestApiServer.StartAsync();
        client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        watch = new RoleWatch(client, Needed, RoleWatch.Often, TimeProvider.System, NullLogger<RoleWatch>.Instance);
    }

    Task IAsyncLifetime.DisposeAsync() => DisposeAsync().AsTask();

    public async ValueTask DisposeAsync()
    {
        watch.Dispose();
        client.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task A_rule_that_is_taken_away_is_named_and_no_longer_when_it_is_back()
    {
        server.Granted = [.. Needed.Select(static rule => (rule.Verb, rule.Group, rule.Resource))];
        foreach (var rule in Needed)
        {
            server.Deny(rule.Verb, rule.Resource);
            await watch.LookAsync(CancellationToken.None);
            Assert.Equal(rule, Assert.Single(watch.Missing));
            Assert.Contains($"the verb {rule.Verb} on {rule.Resource} ", watch.Problem, StringComparison.Ordinal);
            server.Allow(rule.Verb, rule.Resource);
            await watch.LookAsync(CancellationToken.None);
            Assert.Equal("", watch.Problem);
        }
    }

    [Fact]
    public async Task Where_rules_cannot_be_listed_or_nobody_answers_nothing_is_concluded()
    {
        await watch.LookAsync(CancellationToken.None);
        Assert.Empty(watch.Missing);
        server.Granted = [("list", "", "pods")];
        await watch.LookAsync(CancellationToken.None);
        Assert.Equal(3, watch.Missing.Length);
        server.Deny("create", "selfsubjectrulesreviews");
        await watch.LookAsync(CancellationToken.None);
        Assert.Equal(3, watch.Missing.Length);
    }

    /// <summary>Recorded: auth/ssrr has both.</summary>
    [Theory]
    [InlineData("*", "*", "*", "", "")]
    [InlineData("list", "", "pods", "", "the verb watch on pods, the verb patch on nodetunings/status, the verb update on leases")]
    [InlineData("patch", "netpulse.io", "*/status", "", "the verb list on pods, the verb watch on pods, the verb update on leases")]
    [InlineData("patch", "netpulse.io", "nodetunings", "", "the verb list on pods, the verb watch on pods, the verb patch on nodetunings/status, the verb update on leases")]
    [InlineData("update", "coordination.k8s.io", "leases", "ours", "the verb list on pods, the verb watch on pods, the verb patch on nodetunings/status")]
    [InlineData("update", "coordination.k8s.io", "leases", "theirs", "the verb list on pods, the verb watch on pods, the verb patch on nodetunings/status, the verb update on leases")]
    [InlineData("*", "", "*", "one", "the verb list on pods, the verb watch on pods, the verb patch on nodetunings/status, the verb update on leases")]
    public void A_rule_allows_what_a_role_means_by_it(string verb, string group, string resource, string name, string missing)
    {
        var rule = new ResourceRule { Verbs = [verb], ApiGroups = [group], Resources = [resource], ResourceNames = name.Length > 0 ? [name] : [] };
        Assert.Equal(missing, string.Join(", ", NeededRule.Missing(Needed, [rule]).Select(static each => each.ToString().Split(" (")[0])));
    }
}
