using NetPulse.Kubernetes.Events;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Tells each step of a recommendation as Events on it and on what it is about: the pod, its workload, the node.</summary>
public sealed class RecommendationEvents(EventRecorder recorder, TimeProvider time) : BackgroundService
{
    public void Tell(NetworkRecommendation recommendation, ClusterSnapshot cluster, string node)
    {
        var status = recommendation.Status!;
        var isBad = status.Phase is RecommendationPhase.RolledBack or RecommendationPhase.Blocked;
        var text = status.History.Count > 0 ? status.History[^1].Reason : "";
        var note = $"{recommendation.Metadata.Namespace}/{recommendation.Metadata.Name}: {status.Phase}{(text.Length > 0 ? $": {text}" : "")}";
        var self = Reference(NetworkRecommendation.Type, recommendation.Metadata);
        foreach (var regarding in Subjects(recommendation, cluster, node).Prepend(self))
        {
            recorder.Tell(new Occurrence(regarding, isBad ? Event.Warning : Event.Normal, $"Recommendation{status.Phase}", ActionOf(status.Phase), note) { Related = regarding == self ? null : self });
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // What was told is still written, as long as the host waits for us.
        recorder.Complete();
        if (ExecuteTask is { } writing)
        {
            await Task.WhenAny(writing, Task.Delay(TimeSpan.FromSeconds(3), time, cancellationToken));
        }

        await base.StopAsync(cancellationToken);
    }

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => recorder.RunAsync(stoppingToken);

    private static IEnumerable<ObjectReference> Subjects(NetworkRecommendation recommendation, ClusterSnapshot cluster, string node)
    {
        if (recommendation.Spec?.Change.Pod is { } reference && cluster.PodNamed(reference.Namespace, reference.Name) is { } pod)
        {
            yield return Reference(Pod.Type, pod.Metadata);
            if (pod.Metadata.OwnerReferences.FirstOrDefault(static owner => owner.Controller) is { } owner)
            {
                yield return new ObjectReference { ApiVersion = owner.ApiVersion, Kind = owner.Kind, Namespace = pod.Metadata.Namespace, Name = owner.Name, Uid = owner.Uid };
            }
        }

        if (cluster.Nodes.FirstOrDefault(each => each.Name == node) is { } known)
        {
            yield return Reference(Node.Type, known);
        }
    }

    private static ObjectReference Reference(ResourceType type, ObjectMeta metadata) =>
        new() { ApiVersion = type.ApiVersion, Kind = type.Kind, Namespace = metadata.Namespace, Name = metadata.Name, Uid = metadata.Uid };

    private static string ActionOf(RecommendationPhase phase) => phase switch
    {
        RecommendationPhase.Scheduled or RecommendationPhase.Canary or RecommendationPhase.Applied => "Apply",
        RecommendationPhase.Verified => "Verify",
        RecommendationPhase.RolledBack => "RollBack",
        _ => "Propose",
    };
}
