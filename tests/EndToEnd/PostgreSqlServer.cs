using System.Diagnostics;
using System.Globalization;

namespace NetPulse.EndToEnd;

/// <summary>A real PostgreSQL of Debian's package, on a free loopback port and in a directory of its own, as a user that is not root, which it demands.</summary>
internal sealed class PostgreSqlServer : IAsyncDisposable
{
    private const string Password = "only on loopback";
    private const string Nobody = "65534";

    private readonly string directory = Directory.CreateTempSubdirectory("nptest-").FullName;
    private readonly int port = ServiceUnderTest.FreePort();
    private readonly string binaries;
    private Process? process;

    private PostgreSqlServer(string binaries) => this.binaries = binaries;

    /// <summary>For Npgsql.</summary>
    public string Connection => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Database=postgres;Username=netpulse;Password={Password}");

    public static async Task<PostgreSqlServer> StartAsync(CancellationToken cancellationToken)
    {
        const string Versions = "/usr/lib/postgresql";
        var newest = Directory.Exists(Versions) ? Directory.EnumerateDirectories(Versions).MaxBy(static path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)) : null;
        Assert.True(newest is not null, $"there is no PostgreSQL in {Versions}: scripts/install-dependencies.sh --test installs it");
        var server = new PostgreSqlServer(Path.Combine(newest, "bin"));
        await server.InitializeAsync(cancellationToken);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (process is { } running)
        {
            // Setpriv became the server itself, so that this is the postmaster; INT is its fast shutdown.
            using var kill = Process.Start("kill", ["-INT", running.Id.ToString(CultureInfo.InvariantCulture)]);
            await kill.WaitForExitAsync();
            await running.WaitForExitAsync();
            running.Dispose();
        }

        Directory.Delete(directory, recursive: true);
    }

    private async Task InitializeAsync(CancellationToken cancellationToken)
    {
        var passwordFile = Path.Combine(directory, "password");
        await File.WriteAllTextAsync(passwordFile, Password, cancellationToken);
        if (Environment.IsPrivilegedProcess)
        {
            using var owner = Process.Start("chown", ["-R", $"{Nobody}:{Nobody}", directory]);
            await owner.WaitForExitAsync(cancellationToken);
        }

        var data = Path.Combine(directory, "data");
        using (var initialize = Start("initdb", "--pgdata", data, "--username=netpulse", "--auth=scram-sha-256", $"--pwfile={passwordFile}", "--no-sync", "--encoding=UTF8", "--locale=C"))
        {
            var errors = await initialize.StandardError.ReadToEndAsync(cancellationToken);
            await initialize.WaitForExitAsync(cancellationToken);
            Assert.True(initialize.ExitCode == 0, errors);
        }

        process = Start("postgres", "-D", data, "-p", port.ToString(CultureInfo.InvariantCulture), "-k", directory, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off");
        var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data?.Contains("ready to accept connections", StringComparison.Ordinal) == true)
            {
                listening.TrySetResult();
            }
        };
        process.BeginErrorReadLine();
        await listening.Task.WaitAsync(cancellationToken);
    }

    private Process Start(string program, params string[] arguments)
    {
        var path = Path.Combine(binaries, program);
        var start = Environment.IsPrivilegedProcess
            ? new ProcessStartInfo("setpriv", [$"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups", path, .. arguments])
            : new ProcessStartInfo(path, arguments);
        (start.RedirectStandardError, start.UseShellExecute, start.WorkingDirectory) = (true, false, directory);
        start.Environment["LC_ALL"] = "C";
        return Process.Start(start)!;
    }
}
