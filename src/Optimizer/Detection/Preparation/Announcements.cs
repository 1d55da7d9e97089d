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

/// <summary>A change came after one look and was seen at the next.</summary>
public sealed record ChangeSpan(DateTimeOffset From, DateTimeOffset To);

/// <summary>A pod that was there.</summary>
public sealed record PodState(string Namespace, string Name);

/// <summary>A workload's pod came or went.</summary>
public sealed record WorkloadChange(string Namespace, string Workload, ChangeSpan Span);

/// <summary>What a restart needs of <see cref="Announcements"/>.</summary>
/// <param name="LookedAt">The last look; default when there was none.</param>
public sealed record AnnouncementState(DateTimeOffset LookedAt, ImmutableArray<PodState> Pods, ImmutableArray<WorkloadChange> Changes);

/// <summary>Which changes of which edges were announced: by the calendar, or by the cluster whose pods came or went.</summary>
/// <remarks>
/// A pod that came or went is announced for its workload for <see cref="Settling"/>, whoever talks with it. A pod that restarts in place or fails is not. What
/// changed while nobody looked, between an earlier process and this one, is announced for all of that time; without an earlier process the pods of the first
/// look are nobody's arrival.
/// </remarks>
public sealed class Announcements(IOptions<DetectionOptions> options)
{
    public static readonly TimeSpan Settling = TimeSpan.FromMinutes(5);

    private readonly Dictionary<(string Namespace, string Workload), ImmutableArray<ChangeSpan>> changes = [];
    private readonly Dictionary<(string Namespace, string Pod), ChangeSpan> unowned = [];
    private HashSet<(string Namespace, string Pod)>? known;
    private DateTimeOffset looked;

    /// <param name="cluster">What there is now.</param>
    /// <param name="workloads">Who owns which pod, as far as their traffic tells.</param>
    public void Observe(ClusterSnapshot cluster, IEnumerable<WorkloadIdentity> workloads)
    {
        var now = cluster.Pods.Select(pod => (pod.Metadata.Namespace, pod.Metadata.Name)).ToHashSet();
        var before = known ?? now;
        // A change that was found at the second of two looks came at any time between them.
        var earliest = cluster.At - options.Value.Window;
        var span = new ChangeSpan(looked > earliest ? looked : earliest, cluster.At);
        known = now;
        looked = cluster.At;
        foreach (var (key, spans) in changes.ToList())
        {
            // A departure's points may be looked at as late as a detection window after.
            changes[key] = spans.RemoveAll(span => cluster.At - span.To > options.Value.Window + Settling);
        }

        foreach (var pod in now.Except(before).Concat(before.Except(now)))
        {
            unowned[pod] = span;
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

        foreach (var (pod, _) in unowned.Where(pair => cluster.At - pair.Value.To > options.Value.Window).ToList())
        {
            unowned.Remove(pod);
        }
    }

    /// <summary>What a restart needs, so that pods that change meanwhile are noticed.</summary>
    public AnnouncementState Save() => new(
        looked,
        [.. (known ?? []).Select(pod => new PodState(pod.Namespace, pod.Pod))],
        [.. changes.SelectMany(pair => pair.Value, (pair, span) => new WorkloadChange(pair.Key.Namespace, pair.Key.Workload, span))]);

    /// <summary>Takes up what an earlier process saw last.</summary>
    public void Resume(AnnouncementState state)
    {
        if (state.LookedAt == default)
        {
            return;
        }

        looked = state.LookedAt;
        known = [.. state.Pods.Select(pod => (pod.Namespace, pod.Name))];
        foreach (var change in state.Changes)
        {
            var workload = (change.Namespace, change.Workload);
            changes[workload] = changes.GetValueOrDefault(workload, []).Add(change.Span);
        }
    }

    /// <summary>Times at which a change of this subject is nobody's trouble; they may overlap.</summary>
    public ImmutableArray<ChangeSpan> Of(Subject subject)
    {
        var (owner, peer) = (subject.Owner, (subject as Subject.OfEdge)?.Edge.Peer);
        var spans = ImmutableArray.CreateBuilder<ChangeSpan>();
        foreach (var window in options.Value.Maintenance)
        {
            if (window.Namespaces.Count == 0 || window.Namespaces.Contains(owner.Namespace) || (peer is not null && window.Namespaces.Contains(peer.Namespace)))
            {
                spans.Add(new ChangeSpan(window.From, window.To));
            }
        }

        Add(owner);
        if (peer is not null)
        {
            Add(peer);
        }

        return spans.DrainToImmutable();

        void Add(WorkloadIdentity identity)
        {
            foreach (var span in changes.GetValueOrDefault((identity.Namespace, identity.Workload), []))
            {
                spans.Add(new ChangeSpan(span.From - Settling, span.To + Settling));
            }
        }
    }
}
