using Microsoft.Extensions.Logging;

namespace NetPulse.Telemetry.Store.Embedded;

/// <summary>Moves segments of the log into day files, on a thread of its own.</summary>
internal sealed partial class Flusher : IDisposable
{
    private readonly Lock flushing = new();
    private readonly WriteAheadLog log;
    private readonly DayArchive archive;
    private readonly StoreMeter meter;
    private readonly ILogger logger;
    private readonly UpkeepThread thread;

    public Flusher(WriteAheadLog log, DayArchive archive, StoreMeter meter, ILogger logger)
    {
        this.log = log;
        this.archive = archive;
        this.meter = meter;
        this.logger = logger;
        thread = new UpkeepThread("store flush", () => Flush());
    }

    /// <summary>Has the thread flush what waits, and try again what failed.</summary>
    public void Wake() => thread.Wake();

    /// <summary>Flushes what waits, on the calling thread.</summary>
    /// <returns>What went wrong, and left the rest waiting; <see langword="null"/> when nothing did.</returns>
    public SampleStoreException? Flush()
    {
        lock (flushing)
        {
            try
            {
                while (thread is not { IsStopping: true } && log.Oldest is { } segment)
                {
                    archive.Write(segment.Number, segment.Head);
                    log.Delete(segment);
                }

                archive.UnloadOlder();
                return null;
            }
            catch (SampleStoreException e)
            {
                return Failed(e);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException)
            {
                return Failed(DiskError.Of("Flush the store's log into day files", e));
            }
        }
    }

    public void Dispose() => thread.Dispose();

    private SampleStoreException Failed(SampleStoreException failure)
    {
        meter.FailedFlushes.Add(1);
        LogFailed(failure);
        return failure;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The log could not be flushed into day files; nothing is lost, and it is tried again within a minute")]
    private partial void LogFailed(Exception failure);
}
