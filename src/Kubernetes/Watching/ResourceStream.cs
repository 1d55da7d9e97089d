using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Watching;

/// <summary>What a stream of a resource tells.</summary>
public abstract record ResourceChange<T>
    where T : class, IKubernetesObject
{
    private ResourceChange()
    {
    }

    /// <summary>All objects of one moment; whatever was known before and is not here is gone. The first, and again whenever the server has forgotten where we were.</summary>
    public sealed record Listed(ImmutableArray<T> Items) : ResourceChange<T>;

    /// <summary>Added or changed.</summary>
    public sealed record Stored(T Item) : ResourceChange<T>;

    /// <summary>Deleted, or no longer selected. The last state, with the version of the deletion.</summary>
    public sealed record Removed(T Item) : ResourceChange<T>;
}

/// <summary>How patient a stream is.</summary>
public sealed record StreamTiming
{
    /// <summary>How long one watch is asked to last at least; up to twice that, by chance, so that many do not end together.</summary>
    public TimeSpan WatchFor { get; init; } = TimeSpan.FromMinutes(4);

    /// <summary>A kind that has sent a bookmark sends one a minute: silence longer than this means a dead connection.</summary>
    public TimeSpan IdleWithBookmarks { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>Added to the time that was asked for before we end a silent watch ourselves.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(15);

    public TimeSpan FirstBackoff { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestBackoff { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What every stream counts.</summary>
internal static class StreamCounters
{
    private static readonly Meter Meter = new("NetPulse.Kubernetes");

    public static Counter<long> Lists { get; } =
        Meter.CreateCounter<long>("netpulse_kubernetes_lists", description: "Times that a kind was listed whole, by resource; more than the first mean that the server had forgotten our version.");

    public static Counter<long> Breaks { get; } =
        Meter.CreateCounter<long>("netpulse_kubernetes_watch_breaks", description: "Watches that ended otherwise than by their time, by resource.");
}

/// <summary>List, then watch for ever: one stream that outlives expired versions, ended and broken connections, silence and restarts of the API server.</summary>
/// <remarks>
/// A list is told whole or not at all. After any break the watch goes on from the last version; when that is forgotten (410, which after a restart of the API
/// server is every version) everything is listed again. A list while objects change costs the server most, so breaks back off.
/// </remarks>
public sealed partial class ResourceStream<T>(KubernetesClient client, ResourceQuery query, TimeProvider time, ILogger logger, StreamTiming? timing = null)
    where T : class, IResource<T>
{
    private readonly StreamTiming timing = timing ?? new StreamTiming();
    private readonly KeyValuePair<string, object?> resource = new("resource", T.Type.Plural);

    // The newest version that was told; empty: list first.
    private string version = "";
    private bool hasBookmarks;
    private long heardAtTicks;
    private long refusedAtTicks;

    // What was wrong since the server was last heard, each told once.
    private readonly HashSet<string> told = new(StringComparer.Ordinal);

    /// <summary>When the server last said anything of this kind, a bookmark at least; <see langword="null"/> before the first list. For any thread.</summary>
    public DateTimeOffset? HeardAt => Moment(ref heardAtTicks);

    /// <summary>Why the server does not tell of this kind; empty as soon as it has taken a watch, though a quiet kind's first line is a bookmark a minute later. For any thread.</summary>
    public string Problem { get; private set; } = "";

    /// <summary>Since when <see cref="Problem"/> is a role or credentials that are missing, which may pass: a server that has just started knows no roles yet. <see langword="null"/> when it is not. For any thread.</summary>
    public DateTimeOffset? RefusedSince => Moment(ref refusedAtTicks);

    /// <summary>Ends only with the token. A refusal is logged, once until the server is heard again, and tried again: a role that is missing may be granted.</summary>
    public async IAsyncEnumerable<ResourceChange<T>> FollowAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var backoff = new Backoff(timing.FirstBackoff, timing.LongestBackoff);
        var mayCatchUp = false;
        while (!cancellationToken.IsCancellationRequested)
        {
            if (version.Length == 0)
            {
                var listed = await ListAsync(backoff, cancellationToken);
                version = listed.ResourceVersion;
                yield return new ResourceChange<T>.Listed(listed.Items);
            }

            var progress = new Progress(version);
            var watch = WatchOnceAsync(progress, cancellationToken).GetAsyncEnumerator(cancellationToken);
            await using (watch)
            {
                while (await watch.MoveNextAsync())
                {
                    yield return watch.Current;
                }
            }

            version = progress.Version;
            if (progress.HadLines)
            {
                backoff.Reset();
                mayCatchUp = false;
            }

            if (progress.IsGone)
            {
                version = "";
                LogForgotten(T.Type.Plural);
            }
            else if (hasBookmarks && !progress.HadLines && (progress.WasSilent || (progress.Failure is null && mayCatchUp)))
            {
                // A version that the server has yet to reach (it was restored from a backup) is watched in silence: recorded, watch/future-rv.
                version = "";
                mayCatchUp = false;
                LogSilent(T.Type.Plural);
            }
            else
            {
                mayCatchUp = !progress.HadLines;
            }

            if (progress.Failure is { } failure)
            {
                StreamCounters.Breaks.Add(1, resource);
                if (version.Length == 0 && !progress.IsGone)
                {
                    // Silence alone is no problem yet: the list says at once whether there is one.
                    continue;
                }

                var delay = backoff.Next(DelayOf(failure));
                if (!progress.IsGone && IsNews(failure))
                {
                    LogBroken(T.Type.Plural, failure.Message);
                }

                await Task.Delay(delay, time, cancellationToken);
            }
            else if (!progress.HadLines)
            {
                // A server that is stopping ends each watch at once.
                await Task.Delay(backoff.Next(), time, cancellationToken);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    private async Task<ResourceList<T>> ListAsync(Backoff backoff, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var listed = await client.ListAsync<T>(query, cancellationToken);
                StreamCounters.Lists.Add(1, resource);
                Hear();
                return listed;
            }
            catch (KubernetesException e)
            {
                var delay = backoff.Next(DelayOf(e));
                if (IsNews(e))
                {
                    LogNotListed(T.Type.Plural, e.Message);
                }

                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    /// <summary>One watch until it ends, however it ends; how is in <paramref name="progress"/>.</summary>
    private async IAsyncEnumerable<ResourceChange<T>> WatchOnceAsync(Progress progress, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = timing.WatchFor * (1 + Random.Shared.NextDouble());
        var silence = asked + timing.Grace;
        var afterBookmark = timing.IdleWithBookmarks < silence ? timing.IdleWithBookmarks : silence;
        var patience = new WatchPatience(hasBookmarks ? afterBookmark : silence, afterBookmark);
        var lines = client.WatchAsync<T>(query, progress.Version, asked, patience, Answered, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using (lines)
        {
            while (true)
            {
                WatchEvent<T> line;
                try
                {
                    if (!await lines.MoveNextAsync())
                    {
                        yield break;
                    }

                    line = lines.Current;
                }
                catch (KubernetesException e)
                {
                    (progress.Failure, progress.IsGone) = (e, e.Fault is ApiFault.Gone);
                    yield break;
                }

                progress.HadLines = true;
                Hear();
                progress.Version = line.ResourceVersion.Length > 0 ? line.ResourceVersion : progress.Version;
                hasBookmarks |= line.Type == WatchEventType.Bookmark;
                if (line.Value is { } item)
                {
                    yield return line.Type == WatchEventType.Deleted ? new ResourceChange<T>.Removed(item) : new ResourceChange<T>.Stored(item);
                }
            }
        }

        void Answered()
        {
            progress.WasAnswered = true;
            TellProblem("", isRefusal: false);
        }
    }

    private void Hear()
    {
        Volatile.Write(ref heardAtTicks, time.GetUtcNow().UtcTicks);
        TellProblem("", isRefusal: false);
        if (told.Count > 0)
        {
            told.Clear();
            LogHeardAgain(T.Type.Plural);
        }
    }

    private bool IsNews(KubernetesException failure)
    {
        TellProblem(failure.Message, failure.Fault is ApiFault.Forbidden or ApiFault.Unauthorized);
        return told.Add(failure.Message);
    }

    private void TellProblem(string problem, bool isRefusal)
    {
        Problem = problem;
        Volatile.Write(ref refusedAtTicks, !isRefusal ? 0 : Volatile.Read(ref refusedAtTicks) is > 0 and var since ? since : time.GetUtcNow().UtcTicks);
    }

    private static DateTimeOffset? Moment(ref long ticks) => Volatile.Read(ref ticks) is > 0 and var known ? new DateTimeOffset(known, TimeSpan.Zero) : null;

    private static TimeSpan DelayOf(KubernetesException e) => e.Fault switch
    {
        ApiFault.Throttled throttled => throttled.Delay,
        ApiFault.Unavailable unavailable => unavailable.Delay,
        _ => TimeSpan.Zero,
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Resource} cannot be listed; tried again until they can: {Problem}")]
    private partial void LogNotListed(string resource, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The watch of {Resource} broke; what is known stays, and it is tried again: {Problem}")]
    private partial void LogBroken(string resource, string problem);

    [LoggerMessage(Level = LogLevel.Information, Message = "The API server tells of {Resource} again")]
    private partial void LogHeardAgain(string resource);

    [LoggerMessage(Level = LogLevel.Information, Message = "The API server has forgotten our version of {Resource}; they are listed again")]
    private partial void LogForgotten(string resource);

    [LoggerMessage(Level = LogLevel.Information, Message = "The watch of {Resource} ends without a word; they are listed again")]
    private partial void LogSilent(string resource);

    private sealed class Progress(string version)
    {
        public string Version { get; set; } = version;

        public bool HadLines { get; set; }

        public bool IsGone { get; set; }

        public bool WasAnswered { get; set; }

        /// <summary>Whether the server took the watch and then let it wait for its first line for longer than any bookmark does.</summary>
        public bool WasSilent => WasAnswered && !HadLines && Failure is { Fault: ApiFault.Unreachable, InnerException: OperationCanceledException };

        public KubernetesException? Failure { get; set; }
    }
}
