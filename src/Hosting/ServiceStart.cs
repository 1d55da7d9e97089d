using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using NetPulse.Kubernetes.Files;

namespace NetPulse.Hosting;

/// <summary>How each of our services starts: settings are read and checked before anything runs; a bad one ends the start with a line that says where and what.</summary>
public static class ServiceStart
{
    /// <summary>Exit code for unusable settings (EX_CONFIG of sysexits.h).</summary>
    public const int ConfigurationError = 78;

    /// <summary>Builds and runs the host until it is told to stop.</summary>
    /// <returns>The process's exit code.</returns>
    public static async Task<int> RunAsync(string[] args, Func<ServiceConfiguration, IHost> build)
    {
        try
        {
            var configuration = ServiceConfiguration.Load(args);
            using var host = build(configuration);
            configuration.Check(host.Services);

            // Made here, so that a service which refuses to start says so in one line and not in the host's stack trace.
            var loops = host.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToList();
            await host.RunAsync();

            // A loop that ended by a bug stops the host, which itself calls that a success.
            return loops.Exists(static loop => loop.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
        }
        catch (ObjectFileException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ConfigurationError;
        }
        catch (StartRefusedException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    /// <summary>Our settings, and logs of one line each: text on a terminal, JSON elsewhere.</summary>
    public static void UseServiceConfiguration(this IHostApplicationBuilder builder, ServiceConfiguration configuration)
    {
        builder.Configuration.Sources.Clear();
        foreach (var source in configuration.Sources)
        {
            builder.Configuration.Sources.Add(source);
        }

        builder.Logging.ClearProviders();
        builder.Logging.SetMinimumLevel(LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Quartz", LogLevel.Warning);
        if (Console.IsOutputRedirected)
        {
            builder.Logging.AddJsonConsole(static o =>
            {
                (o.TimestampFormat, o.UseUtcTimestamp) = ("yyyy-MM-ddTHH:mm:ss.fffZ", true);

                // Letters stay letters: no line of ours ends up in a web page unescaped.
                o.JsonWriterOptions = new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
            });
        }
        else
        {
            builder.Logging.AddSimpleConsole(static o => (o.SingleLine, o.TimestampFormat, o.ColorBehavior) = (true, "HH:mm:ss.fff ", LoggerColorBehavior.Disabled));
        }

        builder.Services.Configure<HostOptions>(static o => o.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddHostedService<StartMemory>();
    }
}

/// <summary>The service may not or cannot run here.</summary>
/// <param name="reason">What is missing and what the operator can do.</param>
public sealed class StartRefusedException(string reason, Exception? inner = null) : Exception(reason, inner);
