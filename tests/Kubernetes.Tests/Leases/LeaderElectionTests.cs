using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Leases;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Kubernetes.Tests.Client;

namespace NetPulse.Kubernetes.Tests.Leases;

public sealed class LeaderElectionTests : IAsyncDisposable
{
    private readonly CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
    private readonly List<KubernetesClient> clients = [];
    private readonly Task<TestApiServer> server = TestApiServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await deadline.CancelAsync();
        clients.ForEach(static c => c.Dispose());
        await (await server).DisposeAsync();
        deadline.Dispose();
    }

    [Fact]
    public async Task One_of_two_leads_and_the_other_follows_at_once_when_it_ends()
    {
        await using var first = await CandidateAsync("a");
        var term = await first.LeadsAsync();
        await using var second = await CandidateAsync("b");
        await EventuallyAsync(() => second.Election.Leader == "a");
        Assert.Null(second.Election.Current);

        await first.StopAsync();
        Assert.False(term.Holds);
        var next = await second.LeadsAsync();
        Assert.True(next.Term > term.Term);
        Assert.True(term.IsOlderThan(next.FencingToken));
        Assert.False(next.IsOlderThan(term.FencingToken));
    }

    [Fact]
    public async Task The_place_of_a_killed_leader_is_taken_within_15_seconds()
    {
        var settings = new LeaderElectionSettings { LeaseName = "l", Identity = "a" };
        Assert.True(settings.LeaseDuration + (settings.RetryPeriod * 1.2) < TimeSpan.FromSeconds(15));
        Assert.True(settings.RenewDeadline < settings.LeaseDuration);

        // The same in shorter times: what is killed releases nothing.
        await using var first = await CandidateAsync("a");
        var term = await first.LeadsAsync();
        first.Kill();
        await using var second = await CandidateAsync("b");
        Assert.True((await second.LeadsAsync()).Term > term.Term);
        await EventuallyAsync(() => !term.Holds);
    }

    [Fact]
    public async Task A_renewal_whose_answer_was_not_awaited_does_not_keep_the_lease()
    {
        var api = await server;
        await using var first = await CandidateAsync("a");
        await first.LeadsAsync();

        // Stored, and unknown to who asked for it.
        api.Add("coordination.k8s.io/v1", "leases", api.Find("coordination.k8s.io/v1", "leases", "leader", "default")!);
        await first.StopAsync();
        Assert.Equal("", api.Find("coordination.k8s.io/v1", "leases", "leader", "default")!["spec"]!["holderIdentity"]?.ToString() ?? "");
    }

    [Fact]
    public async Task A_leader_that_cannot_renew_stops_though_nobody_else_leads()
    {
        var api = await server;
        await using var first = await CandidateAsync("a");
        var term = await first.LeadsAsync();
        api.Deny("update", "leases");
        await EventuallyAsync(() => term.Ended.IsCancellationRequested);
        Assert.Throws<LeadershipLostException>(term.Demand);
        Assert.Equal("a", api.Find("coordination.k8s.io/v1", "leases", "leader", "default")?["spec"]?["holderIdentity"]?.ToString());
    }

    [Fact]
    public async Task A_slow_server_does_not_cost_the_term()
    {
        var api = await server;
        api.Hesitates = static request => request.Target.Contains("/leases", StringComparison.Ordinal) ? TimeSpan.FromMilliseconds(300) : TimeSpan.Zero;
        await using var first = await CandidateAsync("a", new LeaderElectionSettings
        {
            LeaseName = "leader",
            Namespace = "default",
            Identity = "a",
            LeaseDuration = TimeSpan.FromSeconds(30),
            RenewDeadline = TimeSpan.FromSeconds(25),
            RetryPeriod = TimeSpan.FromMilliseconds(200),
        });
        var term = await first.LeadsAsync();
        await EventuallyAsync(() => api.Seen.Count(static request => request.Method == "PUT") > 1);
        Assert.True(term.Holds);
    }

    [Fact]
    public async Task A_deposed_leader_writes_nothing_more()
    {
        var api = await server;
        foreach (var file in TestApiServer.OurDefinitions)
        {
            api.Define(file);
        }

        await using var first = await CandidateAsync("a");
        var oldTerm = await first.LeadsAsync();
        var oldStore = Store(first.Client, () => oldTerm);
        await oldStore.ApplyAsync(Tuning("1"), deadline.Token);
        await first.StopAsync();
        await using var second = await CandidateAsync("b");
        var newTerm = await second.LeadsAsync();
        var newStore = Store(second.Client, () => newTerm);
        await newStore.ApplyAsync(Tuning("2"), deadline.Token);

        await Assert.ThrowsAsync<LeadershipLostException>(() => oldStore.ApplyAsync(Tuning("3"), deadline.Token));
        await Assert.ThrowsAsync<LeadershipLostException>(() => oldStore.ApplyStatusAsync(Tuning("3"), deadline.Token));
        await Assert.ThrowsAsync<LeadershipLostException>(() => oldStore.DeleteAsync("node-1", cancellationToken: deadline.Token));

        // Even one that still believes in its term is stopped by the token that the later leader left.
        var believer = new Leadership(oldTerm.Lease, oldTerm.Term, TimeProvider.System, TimeSpan.FromHours(1), TimeProvider.System.GetTimestamp(), CancellationToken.None);
        await Assert.ThrowsAsync<LeadershipLostException>(() => Store(second.Client, () => believer).ApplyAsync(Tuning("3"), deadline.Token));
        Assert.Equal("2", (await newStore.FindAsync("node-1", cancellationToken: deadline.Token))?.Spec.Settings.Single().Value);
    }

    [Fact]
    public async Task A_lease_that_was_deleted_ends_the_term()
    {
        var api = await server;
        await using var first = await CandidateAsync("a");
        var term = await first.LeadsAsync();
        api.Remove("coordination.k8s.io/v1", "leases", "leader", "default");
        await EventuallyAsync(() => term.Ended.IsCancellationRequested);
        Assert.NotEqual(term.Lease, (await first.LeadsAsync(after: term)).Lease);
    }

    private static NodeTuning Tuning(string value) => new()
    {
        Metadata = new ObjectMeta { Name = "node-1" },
        Spec = new NodeTuningSpec { Settings = [new SysctlSetting { Name = "a", Sysctl = "net.core.somaxconn", Value = value }] },
    };

    private static ClusterObjectStore<NodeTuning> Store(KubernetesClient client, Func<Leadership?> leadership) =>
        new(client, ResourceQuery.All, TimeProvider.System, NullLogger<ClusterObjectStore<NodeTuning>>.Instance, leadership);

    private async Task<Candidate> CandidateAsync(string identity, LeaderElectionSettings? settings = null)
    {
        var client = TestClient.Of((await server).Configuration());
        clients.Add(client);
        return new Candidate(client, identity, settings, deadline.Token);
    }

    private async Task EventuallyAsync(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(20, deadline.Token);
        }
    }

    private sealed class Candidate : IAsyncDisposable
    {
        private readonly CancellationTokenSource stop;
        private readonly Task running;

        public Candidate(KubernetesClient client, string identity, LeaderElectionSettings? given, CancellationToken cancellationToken)
        {
            Client = client;
            stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var settings = given ?? new LeaderElectionSettings
            {
                LeaseName = "leader",
                Namespace = "default",
                Identity = identity,
                LeaseDuration = TimeSpan.FromSeconds(3),
                RenewDeadline = TimeSpan.FromSeconds(2.5),
                RetryPeriod = TimeSpan.FromMilliseconds(500),
            };
            Election = new LeaderElection(client, settings, TimeProvider.System, NullLogger<LeaderElection>.Instance);
            running = Election.RunAsync(static term => Task.Delay(Timeout.Infinite, term.Ended), stop.Token);
        }

        public KubernetesClient Client { get; }

        public LeaderElection Election { get; }

        public async Task<Leadership> LeadsAsync(Leadership? after = null)
        {
            while (true)
            {
                if (Election.Current is { } term && term != after)
                {
                    return term;
                }

                await Task.Delay(20, stop.Token);
            }
        }

        /// <summary>No connection of it works any more.</summary>
        public void Kill() => Client.Dispose();

        public async Task StopAsync()
        {
            await stop.CancelAsync();
            await running;
        }

        public async ValueTask DisposeAsync()
        {
            await stop.CancelAsync();
            try
            {
                await running;
            }
            catch (ObjectDisposedException)
            {
                // It was killed.
            }

            stop.Dispose();
        }
    }
}
