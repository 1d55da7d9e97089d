using Microsoft.Extensions.Logging;
using NetPulse.Telemetry.Samples;
using NetPulse.Telemetry.Series;
using NetPulse.Telemetry.Store.Embedded;
using NetPulse.Tests;

namespace NetPulse.Telemetry.Tests.Store.Embedded;

/// <summary>An embedded store on a directory of its own, under a clock of ours; it can be closed and opened again.</summary>
internal sealed class StoreRig : IDisposable
{
    private readonly TemporaryDirectory? own;
    private readonly List<string> log = [];

    public StoreRig(string? directory = null)
    {
        own = directory is null ? new TemporaryDirectory() : null;
        Options = new EmbeddedStoreOptions { Directory = directory ?? own!.Path };
        Store = Open();
    }

    public EmbeddedStoreOptions Options { get; }

    public TestClock Clock { get; } = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));

    public EmbeddedStore Store { get; private set; }

    public string Directory => Options.Directory;

    public long Now => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>What the store logged, each with the exception's message.</summary>
    public IReadOnlyList<string> Log
    {
        get
        {
            lock (log)
            {
                return [.. log];
            }
        }
    }

    public static EmbeddedStore OpenOther(EmbeddedStoreOptions options) => new(options, TimeProvider.System, new Lines([]));

    public void Reopen()
    {
        Store.Dispose();
        Store = Open();
    }

    public async Task AppendAsync(params Sample[] samples) => await Store.AppendAsync(samples, CancellationToken.None);

    public async Task<IReadOnlyList<TimeSeries>> ReadAsync(SeriesSelector selector) =>
        await Store.ReadAsync(selector, new TimeRange(DateTimeOffset.UnixEpoch, Clock.GetUtcNow().AddDays(2)), CancellationToken.None);

    /// <summary>The values of the one series of that name, in order of time.</summary>
    public async Task<double[]> ValuesAsync(string name) => Assert.Single(await ReadAsync(SeriesSelector.Of(name))).Values.ToArray();

    public async Task AssertValuesAsync(string name, params double[] expected)
    {
        var values = await ValuesAsync(name);
        Assert.Equal(expected, values);
    }

    public Task FlushAsync() => Store.FlushAsync(CancellationToken.None);

    /// <summary>Flushes, and lets the time pass after which a day that is over is rolled up.</summary>
    public async Task SettleAsync()
    {
        await FlushAsync();
        Clock.Advance(TimeSpan.FromMinutes(61));
        await FlushAsync();
    }

    /// <summary>Days of one sample each: old ones are dropped only when there are newer ones.</summary>
    public async Task LetDaysPassAsync(int days)
    {
        for (var day = 0; day < days; day++)
        {
            await SettleAsync();
            Clock.Advance(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(61));
            await AppendAsync(new Sample(LabelSet.Of("heartbeat"), Now, day));
        }

        await SettleAsync();
    }

    public void Dispose()
    {
        Store.Dispose();
        own?.Dispose();
    }

    private EmbeddedStore Open() => new(Options, Clock, new Lines(log));

    private sealed class Lines(List<string> lines) : ILogger<EmbeddedStore>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (lines)
            {
                lines.Add($"{logLevel}: {formatter(state, exception)} {exception?.Message}");
            }
        }
    }
}
