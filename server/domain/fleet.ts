/** Prices of a cluster: decimal numbers as text, because money never passes through a float; discounts are shares of one. */
export interface PriceSheet {
  readonly currency: string;
  readonly cpuCoreHour: string;
  readonly memoryGiBHour: string;
  readonly publicGiB: string;
  readonly eipHour: string;
  readonly spotDiscount: number;
  readonly offPeakDiscount: number;
}
