using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using NetPulse.Kubernetes.Client;
using NetPulse.Kubernetes.Objects;

namespace NetPulse.Kubernetes.Events;

/// <summary>Something to be told on an object.</summary>
/// <param name="Severity"><see cref="Event.Normal"/> or <see cref="Event.Warning"/>.</param>
/// <param name="Reason">Why, one CamelCase word.</param>
/// <param name="Action">What was done, one CamelCase word.</param>
/// <param name="Note">For people; cut where it is too long.</param>
public sealed record Occurrence(ObjectReference Regarding, string Severity, string Reason, string Action, string Note)
{
    /// <summary>Another object that it is about, as the recommendation behind a change.</summary>
    public ObjectReference? Related { get; init; }
}

/// <summary>Writes Events in the background, so that <c>kubectl describe</c> tells the story. The same again within ten minutes becomes a series of the first.</summary>
/// <remarks>Telling never holds up or fails what is told: an Event that cannot be written is counted and let go.</remarks>
public sealed partial class EventRecorder : IDisposable
{
    private const int MostWaiting = 1000;
    private const int MostRemembered = 4096;

    private static readonly TimeSpan SeriesLife = TimeSpan.FromMinutes(10);

    private readonly KubernetesClient client;
    private readonly TimeProvider time;
    private readonly ILogger<EventRecorder> logger;
    private readonly string controller;
    private readonly string instance;
    private readonly Meter meter;
    private readonly Counter<long> written;
    private readonly Counter<long> dropped;
    private readonly Channel<(Occurrence Occurrence, DateTimeOffset At)> waiting;
    private readonly Dictionary<string, Told> told = new(StringComparer.Ordinal);

    // Why nothing can be written, each reason told once.
    private readonly HashSet<string> problems = new(StringComparer.Ordinal);

    /// <param name="controller">Who tells, as <c>netpulse.io/optimizer</c>.</param>
    /// <param name="instance">Which of its replicas, as the pod's name.</param>
    public EventRecorder(KubernetesClient client, string controller, string instance, TimeProvider time, ILogger<EventRecorder> logger)
    {
        (this.client, this.controller, this.instance, this.time, this.logger) = (client, controller, instance, time, logger);
        meter = new Meter("NetPulse.Kubernetes");
        written = meter.CreateCounter<long>("netpulse_events_written", description: "Kubernetes Events written, first ones and series.");
        dropped = meter.CreateCounter<long>("netpulse_events_dropped", description: "Kubernetes Events that could not be written.");
        waiting = Channel.CreateBounded<(Occurrence, DateTimeOffset)>(new BoundedChannelOptions(MostWaiting) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite }, _ => dropped.Add(1));
    }

    /// <summary>At once; it is written soon.</summary>
    public void Tell(Occurrence occurrence) => waiting.Writer.TryWrite((occurrence, time.GetUtcNow()));

    /// <summary>Nothing more comes: <see cref="RunAsync"/> ends when all is written.</summary>
    public void Complete() => waiting.Writer.TryComplete();

    /// <summary>Writes what is told, until <see cref="Complete"/> or the token.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await foreach (var (occurrence, at) in waiting.Reader.ReadAllAsync(cancellationToken))
        {
            try
            {
                await WriteAsync(occurrence, at, cancellationToken);
                written.Add(1);
                problems.Clear();
            }
            catch (KubernetesException e)
            {
                dropped.Add(1);
                if (problems.Add(e.Message))
                {
                    LogDropped(occurrence.Reason, occurrence.Regarding.Name, e.Message);
                }
            }
        }
    }

    public void Dispose() => meter.Dispose();

    private async Task WriteAsync(Occurrence occurrence, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var key = KeyOf(occurrence);
        if (told.TryGetValue(key, out var before) && at - before.LastAt < SeriesLife && await ContinueAsync(before, at, cancellationToken))
        {
            return;
        }

        Forget(at);
        var first = First(occurrence, at, key);
        await client.CreateAsync(first, cancellationToken: cancellationToken);
        told[key] = new Told(first.Metadata.Name, first.Metadata.Namespace) { LastAt = at };
    }

    /// <returns>False when the first Event is gone (the server forgets them after an hour), so that a new one is due.</returns>
    private async Task<bool> ContinueAsync(Told before, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var series = new JsonObject { ["series"] = new JsonObject { ["count"] = before.Count + 1, ["lastObservedTime"] = MicroTime.Format(at) } };
        try
        {
            await client.PatchAsync<Event>(before.Name, before.Namespace, new ObjectPatch.Merge(series), cancellationToken: cancellationToken);
        }
        catch (KubernetesException e) when (e.Fault is ApiFault.NotFound)
        {
            return false;
        }

        (before.Count, before.LastAt) = (before.Count + 1, at);
        return true;
    }

    private Event First(Occurrence occurrence, DateTimeOffset at, string key) => new()
    {
        Metadata = new ObjectMeta
        {
            // As client-go names them: the object and a part that is unique.
            Name = $"{occurrence.Regarding.Name}.{at.UtcTicks:x}{key[..8]}",

            // Of a cluster-scoped object they stand in default, where kubectl describe looks.
            Namespace = occurrence.Regarding.Namespace.Length > 0 ? occurrence.Regarding.Namespace : "default",
        },
        EventTime = at,
        ReportingController = controller,
        ReportingInstance = instance,
        Action = occurrence.Action,
        Reason = occurrence.Reason,
        Severity = occurrence.Severity,
        Note = Cut(occurrence.Note),
        Regarding = occurrence.Regarding,
        Related = occurrence.Related,
    };

    private void Forget(DateTimeOffset now)
    {
        if (told.Count < MostRemembered)
        {
            return;
        }

        foreach (var old in told.Where(t => now - t.Value.LastAt >= SeriesLife).Select(static t => t.Key).ToList())
        {
            told.Remove(old);
        }

        if (told.Count >= MostRemembered)
        {
            told.Clear();
        }
    }

    private static string Cut(string note)
    {
        const string Ellipsis = "…";
        if (Encoding.UTF8.GetByteCount(note) <= Event.LongestNoteBytes)
        {
            return note;
        }

        // Only whole letters are taken of what does not fit.
        Span<byte> bytes = stackalloc byte[Event.LongestNoteBytes - Encoding.UTF8.GetByteCount(Ellipsis)];
        Utf8.FromUtf16(note, bytes, out var taken, out _);
        return $"{note[..taken]}{Ellipsis}";
    }

    private static string KeyOf(Occurrence o) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n',
        o.Regarding.ApiVersion, o.Regarding.Kind, o.Regarding.Namespace, o.Regarding.Name, o.Regarding.Uid, o.Severity, o.Reason, o.Action, o.Note, o.Related?.Kind, o.Related?.Name))));

    [LoggerMessage(Level = LogLevel.Warning, Message = "The Event {Reason} on {Name} could not be written; others alike are only counted until one can: {Problem}")]
    private partial void LogDropped(string reason, string name, string problem);

    private sealed class Told(string name, string @namespace)
    {
        public string Name { get; } = name;

        public string Namespace { get; } = @namespace;

        public int Count { get; set; } = 1;

        public DateTimeOffset LastAt { get; set; }
    }
}
