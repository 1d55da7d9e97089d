using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Leases;

/// <summary>How a leader is chosen. The defaults are shorter than those of Kubernetes' own components (15, 10 and 2 s), so that the place of a killed leader is taken within 15 s.</summary>
public sealed record LeaderElectionSettings
{
    /// <summary>Name of the Lease, in the client's namespace unless <see cref="Namespace"/> says another.</summary>
    public required string LeaseName { get; init; }

    public string Namespace { get; init; } = "";

    /// <summary>Unique for each process, as the pod's name and a random part.</summary>
    public required string Identity { get; init; }

    /// <summary>Others may take the lease when it was not renewed for so long, as they themselves saw it; whole seconds.</summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A leader that could not renew for so long stops leading; shorter than <see cref="LeaseDuration"/>, so that it stops before another starts.</summary>
    public TimeSpan RenewDeadline { get; init; } = TimeSpan.FromSeconds(7);

    /// <summary>Between two tries to take or renew.</summary>
    public TimeSpan RetryPeriod { get; init; } = TimeSpan.FromSeconds(2);
}

/// <summary>One term of leading. Ask before every write: a deposed leader must do nothing more.</summary>
public sealed class Leadership
{
    private readonly TimeProvider time;
    private readonly CancellationTokenSource ended;
    private long renewedAt;
    private readonly TimeSpan deadline;

    internal Leadership(string lease, int term, TimeProvider time, TimeSpan deadline, long renewedAt, CancellationToken cancellationToken)
    {
        (Lease, Term, this.time, this.deadline, this.renewedAt) = (lease, term, time, deadline, renewedAt);
        ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Ended = ended.Token;
    }

    /// <summary>The Lease's uid: terms of another Lease, as of one that was deleted, do not compare.</summary>
    public string Lease { get; }

    /// <summary>Grows with each change of the leader.</summary>
    public int Term { get; }

    /// <summary>What a write carries, so that what keeps it can refuse an earlier one.</summary>
    public string FencingToken => $"{Lease}/{Term}";

    /// <summary>Cancelled when the term is over.</summary>
    public CancellationToken Ended { get; }

    /// <summary>Whether the term still holds, by our own clock: a process that was stopped for a while knows at once that it is over, before anybody told it.</summary>
    public bool Holds => !Ended.IsCancellationRequested && time.GetElapsedTime(Volatile.Read(ref renewedAt)) < deadline;

    /// <summary>What is left of it unless it is renewed; zero when it is over.</summary>
    internal TimeSpan Left => time.GetElapsedTime(Volatile.Read(ref renewedAt)) is var since && since < deadline ? deadline - since : TimeSpan.Zero;

    /// <summary>The fence before a write.</summary>
    /// <exception cref="LeadershipLostException">The term is over; nothing may be written.</exception>
    public void Demand()
    {
        if (!Holds)
        {
            throw new LeadershipLostException(Term);
        }
    }

    /// <summary>Whether a write that carries that token was made by a later leader than we are.</summary>
    public bool IsOlderThan(string fencingToken) =>
        fencingToken.Split('/') is [var lease, var term] && lease == Lease && int.TryParse(term, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > Term;

    internal void Renewed(long at) => Volatile.Write(ref renewedAt, at);

    internal async Task EndAsync()
    {
        await ended.CancelAsync();
        ended.Dispose();
    }
}

/// <summary>A write was about to be made by one who leads no longer.</summary>
public sealed class LeadershipLostException(int term) : OperationCanceledException($"term {term} is over: another may lead by now; nothing was written")
{
    public int Term { get; } = term;
}

/// <summary>One of several replicas leads, by a Lease of the API server.</summary>
/// <remarks>
/// A candidate measures by its own clock since when it sees the same renewal, as clocks of two nodes differ. Every change of the Lease demands the version that was read,
/// so that of two that take it in the same moment one gets a conflict. A leader that ends releases the Lease; one that is killed is followed after <see cref="LeaderElectionSettings.LeaseDuration"/>.
/// </remarks>
public sealed partial class LeaderElection(KubernetesClient client, LeaderElectionSettings settings, TimeProvider time, ILogger<LeaderElection> logger)
{
    private static readonly Meter Meter = new("NetPulse.Kubernetes");
    private static readonly Counter<long> Terms = Meter.CreateCounter<long>("netpulse_leader_terms", description: "Times that this process became the leader.");

    private Lease? observed;
    private long observedAt;

    /// <summary>The leader as last seen; empty when there is none.</summary>
    public string Leader => Volatile.Read(ref observed)?.Spec.HolderIdentity ?? "";

    /// <summary>The present term; <see langword="null"/> while another leads.</summary>
    public Leadership? Current { get; private set; }

    /// <summary>Why the Lease can be neither read nor taken; empty while it can. For any thread.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Whether <see cref="Problem"/> is a role that is missing, so that no replica of ours can lead. For any thread.</summary>
    public bool IsForbidden { get; private set; }

    /// <summary>Waits, leads, and waits again, until the token; then the Lease is released and this returns.</summary>
    /// <param name="lead">Runs while we lead, and must end soon after <see cref="Leadership.Ended"/>. When it ends by itself, so does the leading. Its exceptions are passed on.</param>
    public async Task RunAsync(Func<Leadership, Task> lead, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await AcquireAsync(cancellationToken) is not { } term)
            {
                return;
            }

            Terms.Add(1);
            LogLeading(settings.Identity, term.Term);
            Current = term;
            var work = Task.Run(() => lead(term), CancellationToken.None);
            try
            {
                await RenewWhileAsync(term, work, cancellationToken);
            }
            finally
            {
                Current = null;
                await term.EndAsync();
                LogNotLeading(settings.Identity, term.Term);

                // Nobody else may start while our work still runs.
                await Task.WhenAny(work);
                await ReleaseAsync();
            }

            try
            {
                await work;
            }
            catch (OperationCanceledException) when (term.Ended.IsCancellationRequested)
            {
                // It stopped because the term was over, as it should.
            }
        }
    }

    /// <returns><see langword="null"/> when the token came first.</returns>
    private async Task<Leadership?> AcquireAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            // Before the request: a slow answer must not make the term seem longer than others will grant it.
            var asked = time.GetTimestamp();
            try
            {
                if (await TryTakeAsync(isRenewal: false, cancellationToken) is { } lease)
                {
                    return new Leadership(lease.Metadata.Uid, lease.Spec.LeaseTransitions ?? 0, time, settings.RenewDeadline, asked, cancellationToken);
                }

                await Task.Delay(settings.RetryPeriod * (1 + (Random.Shared.NextDouble() * 0.2)), time, cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        return null;
    }

    private async Task RenewWhileAsync(Leadership term, Task work, CancellationToken cancellationToken)
    {
        while (term.Holds)
        {
            using var pause = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(work, Task.Delay(settings.RetryPeriod, time, pause.Token));
            await pause.CancelAsync();
            if (work.IsCompleted || cancellationToken.IsCancellationRequested)
            {
                return;
            }

            var asked = time.GetTimestamp();
            if (!term.Holds)
            {
                return;
            }

            // A slow server may take all that is left, one that hangs must not keep us past our deadline.
            using var patience = new CancellationTokenSource(term.Left, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
            try
            {
                if (await TryTakeAsync(isRenewal: true, either.Token) is { } lease && (lease.Spec.LeaseTransitions ?? 0) == term.Term)
                {
                    term.Renewed(asked);
                }
                else if (!IsOurs(observed))
                {
                    return;
                }
            }
            catch (OperationCanceledException)
            {
                if (cancellationToken.IsCancellationRequested)
                {
                    return;
                }

                LogNotRenewed("no answer");
            }
        }
    }

    /// <returns>The Lease as stored, when it is ours now.</returns>
    private async Task<Lease?> TryTakeAsync(bool isRenewal, CancellationToken cancellationToken)
    {
        try
        {
            var lease = await LookAndTakeAsync(isRenewal, cancellationToken);
            (Problem, IsForbidden) = ("", false);
            return lease;
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.VersionConflict or ApiFault.AlreadyExists)
        {
            // Another was faster; the next look says who.
            (Problem, IsForbidden) = ("", false);
            return null;
        }
        catch (KubernetesException e)
        {
            // Tried every two seconds: each reason is told once.
            if (Problem != e.Message)
            {
                LogNotRenewed(e.Message);
            }

            (Problem, IsForbidden) = (e.Message, e.Fault is ApiFault.Forbidden);
            return null;
        }
    }

    private async Task<Lease?> LookAndTakeAsync(bool isRenewal, CancellationToken cancellationToken)
    {
        var found = await client.FindAsync<Lease>(settings.LeaseName, settings.Namespace, cancellationToken);
        Observe(found);
        if (isRenewal && !IsOurs(found))
        {
            return null;
        }

        if (found is null)
        {
            return Observe(await client.CreateAsync(Mine(null, isRenewal: false), cancellationToken: cancellationToken));
        }

        var isFree = found.Spec.HolderIdentity.Length == 0 || IsOurs(found) || time.GetElapsedTime(observedAt) >= DurationOf(found);
        return isFree ? Observe(await client.ReplaceAsync(Mine(found, isRenewal && IsOurs(found)), cancellationToken: cancellationToken)) : null;
    }

    private Lease? Observe(Lease? lease)
    {
        if (observed?.Metadata.ResourceVersion != lease?.Metadata.ResourceVersion || observed?.Metadata.Uid != lease?.Metadata.Uid)
        {
            Volatile.Write(ref observed, lease);
            observedAt = time.GetTimestamp();
        }

        return lease;
    }

    private static TimeSpan DurationOf(Lease lease) => TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? 0);

    private bool IsOurs(Lease? lease) => lease?.Spec.HolderIdentity == settings.Identity;

    /// <summary>Taking it anew is a new term even when the last one was of this name: a process that was restarted knows nothing of what it had begun.</summary>
    private Lease Mine(Lease? before, bool isRenewal)
    {
        var now = time.GetUtcNow();
        return new Lease
        {
            Metadata = before?.Metadata ?? new ObjectMeta { Name = settings.LeaseName, Namespace = settings.Namespace },
            Spec = (before?.Spec ?? new LeaseSpec()) with
            {
                HolderIdentity = settings.Identity,
                LeaseDurationSeconds = (int)Math.Ceiling(settings.LeaseDuration.TotalSeconds),
                AcquireTime = isRenewal ? before!.Spec.AcquireTime : now,
                RenewTime = now,
                LeaseTransitions = isRenewal ? before!.Spec.LeaseTransitions ?? 0 : (before?.Spec.LeaseTransitions ?? -1) + 1,
            },
        };
    }

    /// <summary>So that another need not wait for it to expire. Read anew, as a renewal that was broken off may be stored all the same; and one that is stored after our look is a conflict, so we look again.</summary>
    private async Task ReleaseAsync()
    {
        using var patience = new CancellationTokenSource(settings.RetryPeriod, time);
        try
        {
            while (await client.FindAsync<Lease>(settings.LeaseName, settings.Namespace, patience.Token) is { } held && IsOurs(Observe(held)))
            {
                var released = held with { Spec = held.Spec with { HolderIdentity = "", LeaseDurationSeconds = 1, RenewTime = time.GetUtcNow() } };
                try
                {
                    Observe(await client.ReplaceAsync(released, cancellationToken: patience.Token));
                    return;
                }
                catch (KubernetesException e) when (e.Fault is ApiFault.VersionConflict)
                {
                    // Our own last renewal has come in between.
                }
            }
        }
        catch (Exception e) when (e is KubernetesException or OperationCanceledException)
        {
            LogNotReleased(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads now, term {Term}")]
    private partial void LogLeading(string identity, int term);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Identity} leads no longer, term {Term} is over")]
    private partial void LogNotLeading(string identity, int term);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease could not be taken or renewed: {Problem}")]
    private partial void LogNotRenewed(string problem);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease could not be released; another takes it when it expires: {Problem}")]
    private partial void LogNotReleased(string problem);
}
