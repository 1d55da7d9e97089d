using System.Collections.Immutable;
using System.Globalization;
using Microsoft.Extensions.Options;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;
using NetPulse.Kubernetes.Stores;
using NetPulse.Optimizer.Apply;
using NetPulse.Optimizer.Cluster;
using NetPulse.Optimizer.Journal;
using NetPulse.Optimizer.Proposals;

namespace NetPulse.Optimizer.Rollout;

/// <summary>Each proposal as a NetworkRecommendation that people see, approve and can look up later; its status follows the gates and the journal.</summary>
/// <remarks>Only the leader calls this. One open recommendation for the same target and sysctls: while it is open its values count, those of later runs do not, unless they are others by a quarter and nobody has decided yet.</remarks>
public sealed class RecommendationBook(
    IObjectStore<NetworkRecommendation> store, ChangeJournal journal, RecommendationNames names, IOptions<RecommendationOptions> options, RecommendationPlace place, RecommendationEvents? events = null)
{
    /// <summary>Values that are others by less are the same advice.</summary>
    private const double OtherAdvice = 0.25;

    private const int LongestName = 200;

    private string? takenOverIn;

    public bool HasTakenOver(string term) => takenOverIn == term;

    /// <summary>Once a term: what an earlier leader had begun and this journal does not know.</summary>
    /// <param name="term">Ours, by its fencing token.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Names of the changes that were taken over.</returns>
    /// <exception cref="IOException">They are not known; nothing may be begun.</exception>
    public async Task<ImmutableArray<string>> TakeOverAsync(string term, CancellationToken cancellationToken)
    {
        if (takenOverIn == term)
        {
            return [];
        }

        var taken = ImmutableArray.CreateBuilder<string>();
        var known = journal.Changes.ToDictionary(static state => state.Change.Name, StringComparer.Ordinal);
        foreach (var recommendation in (await store.ListAsync(cancellationToken)).Items)
        {
            if (recommendation is { Status.Change: { Length: > 0 } text } && StoredChange.Read(text) is { } state
                && (!known.TryGetValue(state.Change.Name, out var ours) || ours.Since < state.Since))
            {
                journal.TakeOver(state);
                taken.Add(state.Change.Name);
            }
        }

        takenOverIn = term;
        return taken.DrainToImmutable();
    }

    /// <summary>Before the gates are asked: each proposal has its object, and its values are those that people see there.</summary>
    public async Task<Recorded> RecordAsync(ImmutableArray<SysctlProposal> proposals, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var (recorded, problems) = (ImmutableArray.CreateBuilder<SysctlProposal>(), ImmutableArray.CreateBuilder<string>());
        foreach (var proposal in proposals)
        {
            try
            {
                (var recommendation, cluster) = await RecommendAsync(proposal, cluster, cancellationToken);

                // What people see there may hold by now, by another change's reach.
                if (WithValuesOf(recommendation, proposal) is var valued && valued.Writes.Any(static write => write.Before != write.After))
                {
                    recorded.Add(valued);
                }
            }
            catch (KubernetesException e)
            {
                // What nobody can see is not done.
                problems.Add($"the recommendation for {proposal.Target} could not be written, so it is not carried out: {e.Message}");
            }
        }

        return new Recorded(recorded.ToImmutable(), cluster, problems.ToImmutable());
    }

    /// <summary>After the steps and the gates: every status says where things are; what was finished long ago goes.</summary>
    /// <param name="cluster">With the recommendations.</param>
    /// <param name="decisions">What the gates said of a fingerprint in this run.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Those that could not be written; the next run tries again.</returns>
    public async Task<ImmutableArray<string>> FollowAsync(ClusterSnapshot cluster, IReadOnlyDictionary<string, Decision> decisions, CancellationToken cancellationToken)
    {
        var problems = ImmutableArray.CreateBuilder<string>();
        foreach (var recommendation in cluster.Recommendations.Where(static each => each.Spec is not null))
        {
            try
            {
                // The status of a network policy's is written by PolicyRollout alone.
                await (recommendation.Spec!.Target.Kind == nameof(NetworkPolicy)
                    ? DeleteWhenOldAsync(recommendation, cluster.At, cancellationToken)
                    : FollowAsync(recommendation, cluster, decisions, cancellationToken));
            }
            catch (KubernetesException e) when (e.Fault is ApiFault.NotFound or ApiFault.VersionConflict)
            {
                // Deleted, or decided upon, since it was read: the next look shows it.
            }
            catch (KubernetesException e)
            {
                problems.Add($"recommendation {recommendation.Metadata.Namespace}/{recommendation.Metadata.Name}: {e.Message}");
            }
        }

        return problems.ToImmutable();
    }

    private async Task FollowAsync(NetworkRecommendation recommendation, ClusterSnapshot cluster, IReadOnlyDictionary<string, Decision> decisions, CancellationToken cancellationToken)
    {
        var fingerprint = recommendation.Spec!.Source.Fingerprint;
        var state = ChangeOf(recommendation);
        var entries = state is null ? [] : journal.Latest.Where(entry => entry.Phase is not null && entry.Change?.Name == state.Change.Name).ToList();
        var decision = state is { IsOpen: true } ? null : decisions.GetValueOrDefault(fingerprint);
        var status = RecommendationStatus.Of(recommendation, state, entries, RecommendationKey.IsFinished(recommendation) ? null : decision, cluster.At);
        if (RecommendationStatus.Differ(recommendation.Status, status))
        {
            var written = await store.ApplyStatusAsync(recommendation with { Status = status }, cancellationToken);
            if (recommendation.Status?.Phase != status.Phase)
            {
                events?.Tell(written, cluster, state?.Change.Node ?? NodeOf(recommendation, cluster));
            }
        }
        else if (state is null or { HasEnded: true } && await DeleteWhenOldAsync(recommendation, cluster.At, cancellationToken))
        {
            return;
        }

        if (!RecommendationKey.IsFinished(recommendation) || state is { HasEnded: false })
        {
            names.Remember(fingerprint, recommendation.Metadata.Name);
        }
    }

    /// <returns>Whether it was finished long ago, and is gone.</returns>
    private async Task<bool> DeleteWhenOldAsync(NetworkRecommendation recommendation, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!(RecommendationKey.IsFinished(recommendation) || recommendation.Status?.Phase == RecommendationPhase.Rejected)
            || recommendation.Status is not { History: [.., var last] } || now - last.At <= options.Value.TtlAfterFinished)
        {
            return false;
        }

        names.Forget(recommendation.Spec!.Source.Fingerprint, recommendation.Metadata.Name);
        await store.DeleteAsync(recommendation.Metadata.Name, recommendation.Metadata.Namespace, cancellationToken);
        return true;
    }

    /// <summary>The change that its status names; of one that is not finished the latest that was begun since.</summary>
    private ChangeState? ChangeOf(NetworkRecommendation recommendation)
    {
        var named = recommendation.Status is { Change.Length: > 0 } status && StoredChange.Read(status.Change) is { } stored ? stored.Change.Name : "";
        var createdAt = recommendation.Status is { History: [var first, ..] } ? first.At : recommendation.Metadata.CreationTimestamp ?? DateTimeOffset.MaxValue;
        return journal.Changes.LastOrDefault(state =>
            state.Change.Name == named
            || (!RecommendationKey.IsFinished(recommendation) && state.Change.PlannedAt >= createdAt && RecommendationKey.Of(state.Change) == recommendation.Spec!.Source.Fingerprint));
    }

    private async Task<(NetworkRecommendation Recommendation, ClusterSnapshot Cluster)> RecommendAsync(SysctlProposal proposal, ClusterSnapshot cluster, CancellationToken cancellationToken)
    {
        var fingerprint = RecommendationKey.Of(proposal);
        var known = cluster.Unfinished(fingerprint);
        if (known is { Spec.Approval: ApprovalDecision.Pending } && ChangeOf(known) is null && IsOther(known.Spec, proposal))
        {
            var superseded = known with { Status = (known.Status ?? new()) with { Phase = RecommendationPhase.Superseded } };
            superseded = superseded with { Status = RecommendationStatus.Of(superseded, null, [], null, cluster.At) };
            cluster = With(cluster, await store.ApplyStatusAsync(superseded, cancellationToken));
            known = null;
        }

        if (known is null)
        {
            known = await store.ApplyAsync(Recommendation(proposal, fingerprint, cluster), cancellationToken);
            known = await store.ApplyStatusAsync(known with { Status = RecommendationStatus.Of(known with { Status = Evidence(proposal, cluster.At) }, null, [], null, cluster.At) }, cancellationToken);
            events?.Tell(known, cluster, proposal.Node);
            cluster = With(cluster, known);
        }

        names.Remember(fingerprint, known.Metadata.Name);
        return (known, cluster);
    }

    private NetworkRecommendation Recommendation(SysctlProposal proposal, string fingerprint, ClusterSnapshot cluster)
    {
        var @namespace = proposal.Pod?.Namespace ?? place.Namespace;
        var stem = $"{proposal.Pod?.Name ?? proposal.Node}-{proposal.Writes[0].Sysctl.Split('.')[^1].Replace('_', '-')}";

        // Another group may propose the same, and neither sees the other's.
        var end = place.Group.Length > 0 ? $"-{place.Group}-{fingerprint[..6]}" : $"-{fingerprint[..6]}";
        stem = $"{(stem.Length > LongestName - end.Length ? stem[..(LongestName - end.Length)] : stem)}{end}";
        var taken = cluster.Recommendations.Where(each => each.Metadata.Namespace == @namespace).Select(static each => each.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        var name = Enumerable.Range(1, int.MaxValue).Select(number => number == 1 ? stem : $"{stem}-{number.ToString(CultureInfo.InvariantCulture)}").First(each => !taken.Contains(each));
        return new NetworkRecommendation
        {
            Metadata = new ObjectMeta { Name = name, Namespace = @namespace, Labels = Ownership.LabelsOf(place.Group) },
            Spec = new NetworkRecommendationSpec
            {
                Source = new RecommendationSource { Kind = RecommendationSourceKind.Schedule, Fingerprint = fingerprint },
                Target = proposal.Pod is { } pod
                    ? new RecommendationTarget { ApiVersion = "v1", Kind = "Pod", Namespace = pod.Namespace, Name = pod.Name }
                    : new RecommendationTarget { ApiVersion = "v1", Kind = "Node", Name = proposal.Node },
                Change = new RecommendedChange
                {
                    Pod = proposal.Pod,
                    Sysctls = [.. proposal.Writes.Select(static write => new RecommendedSysctl { Name = write.Sysctl, Before = write.Before, After = write.After })],
                },
                Reason = Cut($"{proposal.Finding.Summary}; {proposal}"),
                ExpiresAt = cluster.At + options.Value.ExpiresAfter,
            },
        };
    }

    private static NetworkRecommendationStatus Evidence(SysctlProposal proposal, DateTimeOffset at) => new()
    {
        Evidence = [new RecommendationEvidence { Query = Cut($"{proposal.Objective.Name} of {proposal.Objective.Subject} ({proposal.Objective.Unit}); expected: threshold"), Value = Finite(proposal.Measured), Threshold = Finite(proposal.Expected), At = at }],
    };

    private static double Finite(double value) => double.IsFinite(value) ? value : 0;

    private static string Cut(string text) => text.Length <= 2048 ? text : $"{text[..2047]}…";

    private static bool IsOther(NetworkRecommendationSpec spec, SysctlProposal proposal) => proposal.Writes.Any(write =>
        spec.Change.Sysctls.FirstOrDefault(each => each.Name == write.Sysctl) is not { } recommended || IsOther(recommended.After, write.After));

    private static bool IsOther(string a, string b)
    {
        var (ours, theirs) = (a.Split(' '), b.Split(' '));
        return ours.Length != theirs.Length || ours.Zip(theirs).Any(static pair =>
            pair.First != pair.Second
            && (!double.TryParse(pair.First, CultureInfo.InvariantCulture, out var first) || !double.TryParse(pair.Second, CultureInfo.InvariantCulture, out var second)
                || Math.Abs(second - first) > OtherAdvice * Math.Max(Math.Abs(first), 1)));
    }

    /// <summary>What people see, at the cost of those values.</summary>
    private static SysctlProposal WithValuesOf(NetworkRecommendation recommendation, SysctlProposal proposal)
    {
        ImmutableArray<SysctlWrite> writes =
            [.. proposal.Writes.Select(write => recommendation.Spec!.Change.Sysctls.FirstOrDefault(each => each.Name == write.Sysctl) is { } recommended ? write with { After = recommended.After } : write)];
        var growth = proposal.Writes.Zip(writes, static (fresh, seen) => Growth(seen) / Growth(fresh)).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        return proposal with { Writes = writes, MemoryCostBytes = (long)(proposal.MemoryCostBytes * growth) };
    }

    /// <summary>By how much its numbers grow, added up.</summary>
    private static double Growth(SysctlWrite write) => write.Before.Split(' ').Zip(write.After.Split(' '), static (before, after) =>
        double.TryParse(before, CultureInfo.InvariantCulture, out var from) && double.TryParse(after, CultureInfo.InvariantCulture, out var to) ? Math.Max(0, to - from) : 0).Sum();

    private static ClusterSnapshot With(ClusterSnapshot cluster, NetworkRecommendation recommendation) => cluster with
    {
        Recommendations =
        [
            .. cluster.Recommendations.Where(each => each.Metadata.Name != recommendation.Metadata.Name || each.Metadata.Namespace != recommendation.Metadata.Namespace),
            recommendation,
        ],
    };

    private static string NodeOf(NetworkRecommendation recommendation, ClusterSnapshot cluster) =>
        recommendation.Spec?.Change.Pod is { } pod ? cluster.PodNamed(pod.Namespace, pod.Name)?.Spec.NodeName ?? "" : recommendation.Spec?.Target.Name ?? "";
}

/// <summary>What <see cref="RecommendationBook.RecordAsync"/> made of a run's proposals.</summary>
/// <param name="Proposals">Those that have an object, with its values.</param>
/// <param name="Cluster">With the new objects.</param>
/// <param name="Problems">Those that could not be written.</param>
public sealed record Recorded(ImmutableArray<SysctlProposal> Proposals, ClusterSnapshot Cluster, ImmutableArray<string> Problems);

/// <summary>Where recommendations are put.</summary>
/// <param name="Namespace">Those for nodes.</param>
/// <param name="Group">Whose they are, where the work is split; empty otherwise.</param>
public sealed record RecommendationPlace(string Namespace, string Group = "");
