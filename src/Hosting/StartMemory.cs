using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NetPulse.Linux.Memory;

namespace NetPulse.Hosting;

/// <summary>Gives back what only the start needed: as soon as it is over, before work takes memory beside it, and once more when all that begins by itself has run.</summary>
internal sealed partial class StartMemory(TimeProvider time, ILogger<StartMemory> logger) : BackgroundService
{
    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30)];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        foreach (var pause in Pauses)
        {
            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested)
            {
                return;
            }

            try
            {
                LogGivenBack(IdleMemory.GiveBack() >> 20);
            }
            catch (IOException e)
            {
                LogKept(e.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Mebibytes} MiB of program files that only the start needed are given back")]
    private partial void LogGivenBack(long mebibytes);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Program files stay in memory: {Problem}")]
    private partial void LogKept(string problem);
}
