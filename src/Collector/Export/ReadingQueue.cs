using System.Diagnostics.Metrics;
using NetPulse.Collector.Sampling;

namespace NetPulse.Collector.Export;

/// <summary>Readings that wait to be sent, the oldest first. When it is full, the oldest gives way and is counted.</summary>
public sealed class ReadingQueue : IReadingSink, IDisposable
{
    private readonly Lock gate = new();
    private readonly LinkedList<Reading> waiting = [];
    private readonly SemaphoreSlim arrived = new(0);
    private readonly int capacity;
    private readonly Counter<long> dropped;

    public ReadingQueue(int capacity, Meter meter)
    {
        this.capacity = capacity;
        dropped = meter.CreateCounter<long>("netpulse_remote_write_overflowed_samples", description: "Samples that gave way to newer ones because the store was away for too long.");
        meter.CreateObservableGauge("netpulse_remote_write_queued_readings", () => Count, description: "Readings that wait to be sent.");
    }

    public int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    public void Take(Reading reading)
    {
        lock (gate)
        {
            waiting.AddLast(reading);
            if (waiting.Count > capacity)
            {
                dropped.Add(waiting.First!.Value.SampleCount);
                waiting.RemoveFirst();
            }
        }

        arrived.Release();
    }

    /// <summary>The oldest reading, which stays in the queue until it is removed; waits for one.</summary>
    public async ValueTask<Reading> PeekAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            lock (gate)
            {
                if (waiting.First is { } first)
                {
                    return first.Value;
                }
            }

            await arrived.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Does nothing when the reading has given way meanwhile.</summary>
    public void Remove(Reading reading)
    {
        lock (gate)
        {
            if (ReferenceEquals(waiting.First?.Value, reading))
            {
                waiting.RemoveFirst();
            }
        }
    }

    public void Dispose() => arrived.Dispose();
}
