using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;
using NetPulse.Optimizer.Cluster;
using NetPulse.Telemetry.Workloads;

namespace NetPulse.Optimizer.Detection.Preparation;

/// <summary>A time in which changes are expected.</summary>
public sealed class MaintenanceOptions : IValidatableObject
{
    public DateTimeOffset From { get; set; }

    public DateTimeOffset To { get; set; }

    /// <summary>Whose; everybody's when empty.</summary>
    public List<string> Namespaces { get; set; } = [];

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (To <= From)
        {
            yield return new ValidationResult("must be later than from, as 2026-01-31T02:00:00Z after 2026-01-31T01:00:00Z", [nameof(To)]);
        }
    }
}

/// <summary>Which changes of which edges were announced: by the calendar, or by the cluster whose pods came or went.</summary>
/// <remarks>
/// A pod that came or went is announced for its workload for <see cref="Settling"/>, whoever talks with it. A pod that restarts in place or fails is not. What an
/// earlier process saw is not known, so the pods of the first look are nobody's arrival.
/// </remarks>
public sealed class Announcements(IOptions<DetectionOptions> options)
{
    public static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Namespace, string Workload), ImmutableArray<DateTimeOffset>> changes = [];
    private readonly Dictionary<(string Namespace, string Pod), DateTimeOffset> unowned = [];
    private HashSet<(string Namespace, string Pod)>? known;

    /// <param name="cluster">What there is now.</param>
    /// <param name="workloads">Who owns which pod, as far as their traffic tells.</param>
    public void Observe(ClusterSnapshot cluster, IEnumerable<WorkloadIdentity> workloads)
    {
        var now = cluster.Pods.Select(pod => (pod.Metadata.Namespace, pod.Metadata.Name)).ToHashSet();
        var before = known ?? now;
        known = now;
        foreach (var (key, times) in changes.ToList())
        {
            // A departure's points may be looked at as late as a detection window after.
            changes[key] = times.RemoveAll(time => cluster.At - time > options.Value.Window + Settling);
        }

        foreach (var pod in now.Except(before).Concat(before.Except(now)))
        {
            unowned[pod] = cluster.At;
        }

        // A new pod's workload is known from its first traffic on.
        foreach (var identity in workloads)
        {
            if (unowned.Remove((identity.Namespace, identity.Pod), out var at))
            {
                var workload = (identity.Namespace, identity.Workload);
                changes[workload] = changes.GetValueOrDefault(workload, []).Add(at);
            }
        }

        foreach (var (pod, _) in unowned.Where(pair => cluster.At - pair.Value > options.Value.Window).ToList())
        {
            unowned.Remove(pod);
        }
    }

    /// <summary>Whether a change of this edge at that time is nobody's trouble.</summary>
    public bool Covers(Edge edge, DateTimeOffset at) => InMaintenance(edge, at) || HasChanged(edge.Owner, at) || HasChanged(edge.Peer, at);

    private bool InMaintenance(Edge edge, DateTimeOffset at)
    {
        foreach (var window in options.Value.Maintenance)
        {
            if (at >= window.From && at <= window.To
                && (window.Namespaces.Count == 0 || window.Namespaces.Contains(edge.Owner.Namespace) || window.Namespaces.Contains(edge.Peer.Namespace)))
            {
                return true;
            }
        }

        return false;
    }

    private bool HasChanged(WorkloadIdentity identity, DateTimeOffset at)
    {
        foreach (var time in changes.GetValueOrDefault((identity.Namespace, identity.Workload), []))
        {
            if (at >= time - Settling && at <= time + Settling)
            {
                return true;
            }
        }

        return false;
    }
}
