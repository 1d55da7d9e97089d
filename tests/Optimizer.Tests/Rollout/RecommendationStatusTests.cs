using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using NetPulse.ApiServer;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Rollout;

namespace NetPulse.Optimizer.Tests.Rollout;

/// <summary>What a recommendation's status carries, and how much of it.</summary>
public sealed class RecommendationStatusTests
{
    private static readonly NetworkRecommendation Recommendation = new()
    {
        Metadata = new ObjectMeta { Name = "raise-window", Namespace = "lab" },
        Spec = new NetworkRecommendationSpec
        {
            Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = "f1" },
            Target = new RecommendationTarget { ApiVersion = "v1", Kind = "Pod", Name = "archive-0", Namespace = "lab" },
            Change = new RecommendedChange { Sysctls = [new RecommendedSysctl { Name = "net.ipv4.tcp_rmem", Before = "4096 131072 131072", After = "4096 131072 1048576" }] },
        },
    };

    [Fact]
    public async Task A_grant_on_5000_nodes_outlives_its_leader()
    {
        await using var server = await TestApiServer.StartAsync();
        server.DefineOurs();
        server.Add("netpulse.io/v1alpha1", "networkrecommendations", JsonSerializer.SerializeToNode(Recommendation, KubernetesJson.TypeOf<NetworkRecommendation>())!.AsObject());
        using var client = new KubernetesClient(server.Configuration(), TimeProvider.System, NullLogger<KubernetesClient>.Instance);
        var store = new ClusterObjectStore<NetworkRecommendation>(client, ResourceQuery.All, TimeProvider.System, NullLogger<ClusterObjectStore<NetworkRecommendation>>.Instance);
        var kept = new ChangeState(Examples.Granted(5000), ChangePhase.Kept, Examples.Now, Examples.Now);
        await store.ApplyStatusAsync(Recommendation with { Status = RecommendationStatus.Of(Recommendation, kept, [], null, Examples.Now) });

        var stored = await store.FindAsync("raise-window", "lab");
        Assert.Equal<IEnumerable<string>>(kept.Change.Reach.Nodes, StoredChange.Read(stored!.Status!.Change)!.Change.Reach.Nodes);
    }

    [Fact]
    public void A_long_story_stays_in_its_order()
    {
        var change = Examples.Granted(1);
        var told = new List<JournalEntry>();
        var recommendation = Recommendation;
        for (var i = 0; i < 100; i++)
        {
            told.Add(new JournalEntry(i, Examples.Now + TimeSpan.FromMinutes(i), EntryKind.Change, "archive-0", $"step {i}", null, change, ChangePhase.Kept));
            recommendation = recommendation with { Status = RecommendationStatus.Of(recommendation, new ChangeState(change, ChangePhase.Kept, Examples.Now, null), told, null, Examples.Now) };
        }

        var history = recommendation.Status!.History;
        Assert.Equal((64, "Proposed", "step 99"), (history.Count, history[0].Action, history[^1].Reason));
        Assert.Equal(history.Skip(1).Select(static step => step.At).Order(), history.Skip(1).Select(static step => step.At));
    }
}
