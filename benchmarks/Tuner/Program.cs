using System.Diagnostics;
using System.Globalization;
using NetPulse.Kubernetes.Files;
using NetPulse.Kubernetes.Objects;

// The Tuner as a process beside 200 network namespaces, each with a setting: what it costs to reconcile all of them, and what it costs at rest.
//   netpulse-bench-tuner [PAGE]    NETPULSE_TUNER names the program; without it, the one that was built beside this is measured
const int Namespaces = 200;
const int Rounds = 20;
const string Sysctl = "net.ipv4.tcp_slow_start_after_idle";
var rest = TimeSpan.FromSeconds(90);
var published = Environment.GetEnvironmentVariable("NETPULSE_TUNER");
var program = published ?? Path.Combine(AppContext.BaseDirectory, "netpulse-tuner");

var folder = Directory.CreateTempSubdirectory("netpulse-bench-tuner-");
var names = Enumerable.Range(0, Namespaces).Select(i => $"npbench-{Environment.ProcessId}-{i}").ToList();
try
{
    Batch(names.Select(name => $"netns add {name}"));
    var objects = Path.Combine(folder.FullName, "objects");
    Directory.CreateDirectory(Path.Combine(objects, "pods"));
    Directory.CreateDirectory(Path.Combine(objects, "nodetunings"));
    foreach (var (index, name) in names.Index())
    {
        ObjectFile.Write(Path.Combine(objects, "pods", $"bench-pod-{index}.yaml"), new Pod
        {
            Metadata = new ObjectMeta
            {
                Name = $"pod-{index}",
                Namespace = "bench",
                Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [Pod.NetworkNamespaceAnnotation] = $"/run/netns/{name}" },
            },
        });
    }

    var wish = new NodeTuning
    {
        Metadata = new ObjectMeta { Name = "bench" },
        Spec = new NodeTuningSpec
        {
            Settings = [.. names.Index().Select(pod => new SysctlSetting
            {
                Name = $"setting-{pod.Index}", Pod = new PodReference { Namespace = "bench", Name = $"pod-{pod.Index}" }, Sysctl = Sysctl, Value = "0",
            })],
        },
    };
    var wishFile = Path.Combine(objects, "nodetunings", "bench.yaml");
    ObjectFile.Write(wishFile, wish);

    using var tuner = Process.Start(new ProcessStartInfo(
        program,
        ["run", "--tuner:node=bench", $"--tuner:objectsDirectory={objects}", $"--tuner:stateDirectory={Path.Combine(folder.FullName, "state")}"])
    {
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
    tuner.OutputDataReceived += static (_, _) => { };
    tuner.ErrorDataReceived += static (_, _) => { };
    tuner.BeginOutputReadLine();
    tuner.BeginErrorReadLine();
    try
    {
        var status = Path.Combine(objects, "nodetunings", "bench.status.yaml");
        if (!SpinWait.SpinUntil(() => Applied(status) == Namespaces, TimeSpan.FromMinutes(2)))
        {
            Console.Error.WriteLine($"only {Applied(status)} of {Namespaces} settings hold after two minutes");
            return 1;
        }

        // What is compiled while it runs is compiled by then, and every file of a sysctl is open.
        await Task.Delay(TimeSpan.FromSeconds(25), TimeProvider.System, CancellationToken.None);
        var before = ProcessorSeconds(tuner.Id);
        await Task.Delay(rest, TimeProvider.System, CancellationToken.None);
        var after = ProcessorSeconds(tuner.Id);
        var atRest = after - before;
        var memory = Memory(tuner.Id);

        for (var round = 0; round < Rounds; round++)
        {
            // One setting less, then one more: everything is looked at, and the status is written.
            var settings = round % 2 == 0 ? wish.Spec.Settings.Skip(1) : wish.Spec.Settings;
            ObjectFile.Write(wishFile, wish with { Spec = new NodeTuningSpec { Settings = [.. settings] } });
            if (!SpinWait.SpinUntil(() => Applied(status) == Namespaces - 1 + (round % 2), TimeSpan.FromSeconds(30)))
            {
                Console.Error.WriteLine("a changed NodeTuning was not made within 30 s");
                return 1;
            }
        }

        var perReconcile = (ProcessorSeconds(tuner.Id) - after) / Rounds;
        var load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        string[] page =
        [
            "# What a Tuner costs",
            "",
            $"Written by `make bench-tuner` on {TimeProvider.System.GetUtcNow():yyyy-MM-dd} ({Environment.ProcessorCount} processors, {Environment.OSVersion.VersionString}, load {load}): {Path.GetFileName(program)}"
                + $" of {new FileInfo(program).Length >> 20} MiB, {(published is null ? "as built" : "published as its image holds it")}, as a process of its own beside {Namespaces} network namespaces, each with a setting of its own.",
            "Processor time is that of /proc/PID/stat; memory that of /proc/PID/smaps_rollup.",
            "",
            $"| {Namespaces} namespaces with a setting each | figure | limit |",
            "|---|---|---|",
            $"| processor time to take up a changed NodeTuning: all of it read, every namespace checked, one value written, the status told; mean of {Rounds} | {perReconcile * 1000:0} ms | 100 ms |",
            $"| at rest, share of a core over {rest.TotalSeconds:0} s, in which every namespace was looked at {rest.TotalSeconds / 10:0} times | {atRest / rest.TotalSeconds * 100:0.000} % | 0.1 % |",
            $"| which is, for one look at all of them and all between two looks | {atRest / (rest.TotalSeconds / 10) * 1000:0.0} ms | 100 ms |",
            $"| at rest, resident memory | {memory["Rss"] / 1024:0.0} MiB | 50 MiB |",
            $"| of it private | {(memory["Private_Clean"] + memory["Private_Dirty"]) / 1024:0.0} MiB | - |",
            "",
        ];
        Console.WriteLine(string.Join('\n', page));
        if (args is [var file])
        {
            await File.WriteAllLinesAsync(file, page);
        }

        return 0;
    }
    finally
    {
        tuner.Kill();
        await tuner.WaitForExitAsync();
    }
}
finally
{
    Batch(names.Select(name => $"netns delete {name}"));
    folder.Delete(recursive: true);
}

static int Applied(string status)
{
    try
    {
        return ObjectFile.Read<NodeTuning>(status).Status?.Settings.Count(setting => setting.State == SettingState.Applied) ?? 0;
    }
    catch (ObjectFileException)
    {
        return 0;
    }
}

static double ProcessorSeconds(int process)
{
    // proc(5): utime and stime are the 12th and 13th field behind the name, in hundredths of a second.
    var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[1].Split(' ');
    var ticks = long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture);
    return ticks / 100.0;
}

// KiB by name.
static Dictionary<string, double> Memory(int process) =>
    File.ReadLines($"/proc/{process}/smaps_rollup").Skip(1).Select(line => line.Split([' ', ':'], StringSplitOptions.RemoveEmptyEntries))
        .ToDictionary(parts => parts[0], parts => double.Parse(parts[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);

static void Batch(IEnumerable<string> commands)
{
#pragma warning disable S4036 // distributions keep ip in different folders; PATH knows which
    using var ip = Process.Start(new ProcessStartInfo("ip", ["-force", "-batch", "-"]) { UseShellExecute = false, RedirectStandardInput = true })!;
#pragma warning restore S4036
    foreach (var command in commands)
    {
        ip.StandardInput.WriteLine(command);
    }

    ip.StandardInput.Close();
    ip.WaitForExit();
}
