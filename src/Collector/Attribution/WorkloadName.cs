using System.Text.RegularExpressions;
using NetPulse.Kubernetes.Objects;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Collector.Attribution;

/// <summary>A pod's workload, where its owner is not known: by its label, else by the names that controllers give.</summary>
public static partial class WorkloadName
{
    public static WorkloadIdentity Of(Pod pod) => new(
        pod.Metadata.Namespace,
        pod.Metadata.Labels.TryGetValue(Pod.WorkloadLabel, out var label) && label.Length > 0 ? label : WithoutSuffix(pod.Metadata.Name),
        pod.Metadata.Name);

    private static string WithoutSuffix(string name) => Suffix().Match(name) is { Success: true, Index: > 0 } suffix ? name[..suffix.Index] : name;

    /// <summary>Deployment (two hashes), StatefulSet (an ordinal), DaemonSet and Job (one hash), in the alphabet of k8s.io/apimachinery's rand.SafeEncodeString.</summary>
    [GeneratedRegex("(-[bcdfghjklmnpqrstvwxz2456789]{6,10}-[bcdfghjklmnpqrstvwxz2456789]{5}|-[0-9]+|-[bcdfghjklmnpqrstvwxz2456789]{5})$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 100)]
    private static partial Regex Suffix();
}
