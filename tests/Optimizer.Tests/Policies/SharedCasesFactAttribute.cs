using System.Runtime.CompilerServices;

namespace NetPulse.Optimizer.Tests.Policies;

/// <summary>A test of the cases that are kept beside the repository; skipped where they are not.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class SharedCasesFactAttribute : FactAttribute
{
    public SharedCasesFactAttribute()
    {
        if (!Directory.Exists(Folder))
        {
            Skip = $"there are no cases at {Folder}";
        }
    }

    /// <summary><c>shared/policy/cases</c> beside the repository, or beside the folder of its worktrees.</summary>
    public static string Folder { get; } = Find();

    private static string Find([CallerFilePath] string here = "")
    {
        var repository = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../.."));
        var beside = Path.Combine(repository, "../shared/policy/cases");
        var besideWorktrees = Path.Combine(repository, "../../shared/policy/cases");
        return Path.GetFullPath(Directory.Exists(beside) ? beside : Directory.Exists(besideWorktrees) ? besideWorktrees : beside);
    }
}
