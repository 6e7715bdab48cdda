/** How many each holder has of something that is bounded for each: a place is taken, and given back by calling what take() answered. */
export interface Places {
  /** null: the holder has all that it may have. Giving back twice counts once. */
  take(holder: string): (() => void) | null;
}

export function createPlaces(each: number): Places {
  const taken = new Map<string, number>();
  return {
    take(holder) {
      const count = taken.get(holder) ?? 0;
      if (count >= each) return null;
      taken.set(holder, count + 1);
      let held = true;
      return () => {
        if (!held) return;
        held = false;
        const left = (taken.get(holder) ?? 0) - 1;
        if (left > 0) taken.set(holder, left);
        else taken.delete(holder);
      };
    },
  };
}
