using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Samples;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>The only thread that writes the log. Appends that wait at the same time share one write and one sync.</summary>
internal sealed partial class GroupCommit : IDisposable
{
    private const int GroupSamples = 65_536;

    /// <summary>So many segments are held in memory beside the one that is written before an append waits for flushing.</summary>
    private const int MostWaitingSegments = 1;

    private readonly Lock gate = new();
    private readonly Queue<Request> requests = [];

    /// <summary>Not a collection that blocks: that one spins before it waits, which took more CPU time than some appends.</summary>
    private readonly AutoResetEvent arrived = new(initialState: false);
    private readonly WriteAheadLog log;
    private readonly Flusher flusher;
    private readonly StoreMeter meter;
    private readonly ILogger logger;
    private readonly int segmentBytes;
    private readonly int segmentSamples;
    private readonly TimeSpan segmentAge;
    private readonly Thread thread;
    private bool closed;

    public GroupCommit(WriteAheadLog log, Flusher flusher, StoreMeter meter, EmbeddedStoreOptions options, ILogger logger)
    {
        this.log = log;
        this.flusher = flusher;
        this.meter = meter;
        this.logger = logger;
        segmentBytes = options.SegmentBytes;
        segmentSamples = options.SegmentSamples;
        segmentAge = options.SegmentAge;
        thread = new Thread(Run) { Name = "store append", IsBackground = true };
        thread.Start();
    }

    /// <exception cref="SampleStoreException">Nothing was acknowledged.</exception>
    public Task AppendAsync(IReadOnlyList<Sample> samples) => Enqueue(new Request.Append(samples));

    /// <summary>Begins a new segment.</summary>
    /// <exception cref="SampleStoreException">The disk refused.</exception>
    public Task RotateAsync() => Enqueue(new Request.Rotate());

    /// <summary>Begins a new segment when the present one is old enough, and has failed flushes tried again.</summary>
    public void KeepUp() => TryEnqueue(new Request.KeepUp());

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
        }

        arrived.Set();
        thread.Join();
        arrived.Dispose();
    }

    private Task Enqueue(Request request) =>
        TryEnqueue(request) ? request.Done.Task : throw new ObjectDisposedException(nameof(EmbeddedStore));

    /// <returns>Whether the store is not being closed.</returns>
    private bool TryEnqueue(Request request)
    {
        lock (gate)
        {
            if (closed)
            {
                return false;
            }

            requests.Enqueue(request);

            // under the lock, so that the event is not disposed of yet
            arrived.Set();
            return true;
        }
    }

    private bool TryTake([NotNullWhen(true)] out Request? request)
    {
        lock (gate)
        {
            return requests.TryDequeue(out request);
        }
    }

    /// <returns>The next request, waited for; <see langword="null"/> when there will be none.</returns>
    private Request? Take()
    {
        while (true)
        {
            lock (gate)
            {
                if (requests.TryDequeue(out var request) || closed)
                {
                    return request;
                }
            }

            arrived.WaitOne();
        }
    }

    private void Run()
    {
        var appends = new List<Request.Append>();
        while (Take() is { } first)
        {
            Request? request = first;
            var samples = 0;
            do
            {
                if (request is not Request.Append append)
                {
                    Commit(appends);
                    Rotate(request);
                    samples = 0;
                    continue;
                }

                appends.Add(append);
                samples += append.Samples.Count;
            }
            while (samples < GroupSamples && TryTake(out request));

            Commit(appends);
        }
    }

    private void Commit(List<Request.Append> appends)
    {
        if (appends.Count == 0)
        {
            return;
        }

        try
        {
            if (log.Waiting >= MostWaitingSegments && flusher.Flush() is { } failure)
            {
                throw new SampleStoreException("Append samples", $"the log cannot be flushed into day files ({failure.Message})", retryable: true, failure) { DiskFull = failure.DiskFull };
            }

            log.Append([.. appends.Select(append => append.Samples)]);
            meter.Appended.Add(appends.Sum(append => (long)append.Samples.Count));
            appends.ForEach(append => append.Done.SetResult());
        }
        catch (IOException e)
        {
            meter.FailedAppends.Add(appends.Count);
            var failure = e as SampleStoreException ?? DiskError.Of("Append samples to the store's log", e);
            appends.ForEach(append => append.Done.SetException(failure));
        }

        appends.Clear();
        if (log.CurrentLength >= segmentBytes || log.CurrentSamples >= segmentSamples)
        {
            Rotate(new Request.Rotate());
        }
    }

    private void Rotate(Request request)
    {
        try
        {
            if (request is not Request.KeepUp || log.CurrentAge >= segmentAge)
            {
                log.Rotate();
            }

            flusher.Wake();
            request.Done.SetResult();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // the present segment goes on, longer than it should be; the next append tries again
            meter.FailedFlushes.Add(1);
            LogRotateFailed(e);
            request.Done.SetException(DiskError.Of("Begin a new segment of the store's log", e));
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No new segment of the log could be begun: the present one goes on, and it is tried again")]
    private partial void LogRotateFailed(Exception failure);

    private abstract record Request
    {
        private Request()
        {
        }

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public sealed record Append(IReadOnlyList<Sample> Samples) : Request;

        public sealed record Rotate : Request;

        public sealed record KeepUp : Request;
    }
}
