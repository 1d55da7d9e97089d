using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Linux.Memory;

namespace NetPulse.Hosting;

/// <summary>Once, half a minute after the start: what only the start needed is given back, the garbage of it and the pages of code that ran once.</summary>
internal sealed partial class StartMemory(TimeProvider time, ILogger<StartMemory> logger) : BackgroundService
{
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Delay(Settled, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (stoppingToken.IsCancellationRequested)
        {
            return;
        }

#pragma warning disable S1215 // once in a process's life
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
#pragma warning restore S1215
        try
        {
            LogGivenBack(MappedFiles.GiveBack() >> 20);
        }
        catch (IOException e)
        {
            LogKept(e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Mebibytes} MiB of program files that only the start needed are given back")]
    private partial void LogGivenBack(long mebibytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Program files stay in memory: {Problem}")]
    private partial void LogKept(string problem);
}
