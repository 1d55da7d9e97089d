using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Events;
using NetPulse.Kubernetes.Objects;
using NetPulse.Optimizer.Cluster;

namespace NetPulse.Optimizer.Rollout;

/// <summary>What is wrong where the policy's status cannot be written: Events on the policy and on our own pod, where <c>kubectl describe</c> and <c>kubectl get events</c> show them.</summary>
public sealed class ProblemEvents(EventRecorder recorder, ClusterObjects objects, KubernetesClient client, IOptions<ClusterOptions> options, TimeProvider time)
{
    /// <summary>What lasts is told again after so long, in the series of the first.</summary>
    private static readonly TimeSpan TellEvery = TimeSpan.FromMinutes(5);

    private (string Problem, DateTimeOffset At) told = ("", DateTimeOffset.MinValue);

    public void Tell(string problem)
    {
        var now = time.GetUtcNow();
        if (told.Problem == problem && now - told.At < TellEvery)
        {
            return;
        }

        told = (problem, now);
        var policy = objects.Policy ?? new OptimizationPolicy { Metadata = new ObjectMeta { Name = options.Value.Policy } };
        recorder.Tell(Occurrence(ObjectReference.To(policy), problem));
        if (objects.PodNamed(client.Configuration.Namespace, Environment.MachineName) is { } pod)
        {
            recorder.Tell(Occurrence(ObjectReference.To(pod), problem));
        }
    }

    private static Occurrence Occurrence(ObjectReference regarding, string problem) => new(regarding, Event.Warning, "NotReady", "Observe", problem);
}
